/* The words and the phones that flite reads of each line of standard input, a line each:
   words, a tab, phones. Built by normalizer_peer.py:
   cc tests/bench/flite_words.c -lflite_cmulex -lflite_usenglish -lflite_cmu_us_kal -lflite -lm */
#include <flite/flite.h>
#include <stdio.h>
#include <string.h>

cst_voice *register_cmu_us_kal(const char *folder);

int main(void) {
  flite_init();
  cst_voice *voice = register_cmu_us_kal(NULL);
  char line[4096];
  while (fgets(line, sizeof line, stdin) != NULL) {
    line[strcspn(line, "\n")] = 0;
    cst_utterance *utterance = flite_synth_text(line, voice);
    const char *blank = "";
    if (utterance != NULL) {
      for (cst_item *word = relation_head(utt_relation(utterance, "Word")); word != NULL;
           word = item_next(word)) {
        printf("%s%s", blank, item_feat_string(word, "name"));
        blank = " ";
      }
      printf("\t");
      for (cst_item *phone = relation_head(utt_relation(utterance, "Segment")); phone != NULL;
           phone = item_next(phone)) {
        printf("%s ", item_feat_string(phone, "name"));
      }
      delete_utterance(utterance);
    }
    printf("\n");
  }
  return 0;
}
