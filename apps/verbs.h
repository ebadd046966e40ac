// The verbs of the command line; each adds itself to the program.
#pragma once

namespace bivox {

class Program;

void add_transcribe_verb(Program& program);
void add_align_verb(Program& program);
void add_score_verb(Program& program);
void add_compare_verb(Program& program);
void add_data_verb(Program& program);
void add_features_verb(Program& program);
void add_g2p_verb(Program& program);
void add_grammar_verb(Program& program);
void add_info_verb(Program& program);
void add_lm_verb(Program& program);
void add_say_verb(Program& program);
void add_train_verb(Program& program);
void add_vocode_verb(Program& program);
void add_voices_verb(Program& program);

}  // namespace bivox
