#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "apps/commands_task.h"
#include "dsp/audio/audio_file.h"
#include "dsp/core/error.h"
#include "dsp/core/random.h"
#include "models/io/model_folder.h"
#include "models/nn/network_json.h"
#include "tests/apps/run_bivox.h"

namespace bivox {
namespace {

constexpr int kRate = 16000;

// Words that a machine could say: a rising, a falling or a steady tone in some noise.
AudioBuffer tone_word(int word, uint64_t seed) {
  Random random(seed);
  AudioBuffer audio{std::vector<float>(kRate), kRate};
  const double pitch = random.uniform(600.0, 900.0);
  double phase = 0.0;
  for (int n = 0; n < kRate; ++n) {
    const double t = static_cast<double>(n) / kRate;
    const double slope = word == 0 ? 1.0 + t : word == 1 ? 2.0 - t : 1.5;
    phase += 2.0 * std::numbers::pi * pitch * slope / kRate;
    const double envelope = t > 0.2 && t < 0.8 ? 0.3 : 0.0;
    audio.samples[static_cast<size_t>(n)] =
        static_cast<float>(envelope * std::sin(phase) + 0.005 * random.gaussian());
  }
  return audio;
}

// 3 words, `per_word` recordings by 8 speakers to train on, a quarter as many to test on.
void write_task(const std::filesystem::path& folder, int per_word) {
  const char* names[] = {"rise", "fall", "stay"};
  std::ofstream manifest(folder / "manifest.tsv");
  manifest << "id\tpath\tsplit\tspeaker\tgender\tseconds\ttext\n";
  for (int word = 0; word < 3; ++word) {
    for (int i = 0; i < per_word + per_word / 4; ++i) {
      const std::string name = names[word] + std::to_string(i);
      write_audio(folder / (name + ".wav"), tone_word(word, mix_seeds(word, i)));
      manifest << name << '\t' << name << ".wav\t" << (i < per_word ? "train" : "test")
               << "\tspeaker" << i % 8 << "\t\t1.00\t" << names[word] << '\n';
    }
  }
}

std::string quoted(const std::filesystem::path& path) { return "'" + path.string() + "'"; }

TEST(TrainCommands, LearnsWordsAndWritesAModel) {
  const ScratchFolder folder;
  write_task(folder.path(), 24);
  const std::filesystem::path model = folder.path() / "model";
  const std::string command = "train commands " + quoted(folder.path()) +
                              " --words rise fall --epochs 12 --batch 16 --width 16 --rate 0.01 " +
                              "--dev-share 0.2 --no-augment --threads 2 -o " + quoted(model);
  const ProgramRun run = run_bivox(command);
  ASSERT_EQ(run.code, 0) << run.err;
  EXPECT_NE(run.out.find("rise"), std::string::npos);
  EXPECT_NE(run.out.find("unknown"), std::string::npos);
  const size_t at = run.out.rfind("\n\n");
  ASSERT_NE(at, std::string::npos) << run.out;
  EXPECT_GT(std::stod(run.out.substr(at + 2)), 85.0) << run.out;

  const ModelFolder opened = ModelFolder::open(model, "commands");
  EXPECT_NE(opened.options_json().find("\"rise\""), std::string::npos);
  const Network network = load_network(opened);
  EXPECT_EQ(network.node(network.outputs()[0]).channels, 3);
  EXPECT_TRUE(std::filesystem::exists(model / "card.md"));
  const std::string epochs = content_of(folder.path() / "model.run/epochs.tsv");
  EXPECT_EQ(std::count(epochs.begin(), epochs.end(), '\n'), 13);

  // The run is done: the same command measures it again, and finds the same.
  const ProgramRun again = run_bivox(command);
  EXPECT_EQ(again.code, 0) << again.err;
  EXPECT_EQ(again.out, run.out);
  // Another seed is another run.
  const ProgramRun other = run_bivox(command + " --seed 2");
  EXPECT_EQ(other.code, 4);
  EXPECT_NE(other.err.find("belongs to a training of"), std::string::npos) << other.err;
}

TEST(TrainCommands, SaysWhatIsWrongWithTheData) {
  const ScratchFolder folder;
  EXPECT_EQ(run_bivox("train commands " + quoted(folder.path())).code, 3);
  folder.write("manifest.tsv", "path\tsplit\tspeaker\n");
  ProgramRun run = run_bivox("train commands " + quoted(folder.path()));
  EXPECT_EQ(run.code, 3);
  EXPECT_NE(run.err.find("no column \"text\""), std::string::npos) << run.err;
  folder.write("manifest.tsv", "path\tsplit\tspeaker\ttext\na.wav\ttrain\n");
  run = run_bivox("train commands " + quoted(folder.path()));
  EXPECT_EQ(run.code, 3);
  EXPECT_NE(run.err.find("manifest.tsv:2: 2 fields, expected 4"), std::string::npos) << run.err;
  folder.write("manifest.tsv", "path\tsplit\tspeaker\ttext\na.wav\ttrain\ts\tyes\n");
  EXPECT_EQ(run_bivox("train commands " + quoted(folder.path())).code, 3);  // nothing to test on
  folder.write("manifest.tsv",
               "path\tsplit\tspeaker\ttext\na.wav\ttrain\ts\tyes\nb.wav\ttest\tt\tyes\n");
  EXPECT_EQ(run_bivox("train commands " + quoted(folder.path())).code, 3);  // no such recordings
}

TEST(TrainCommands, KeepsDevSpeakersApart) {
  const ScratchFolder folder;
  write_task(folder.path(), 24);
  const auto any = [](size_t, size_t) { return true; };
  const CommandsData data = read_commands_data(folder.path(), {"rise"}, 0.3, kRate, 2, any);
  EXPECT_EQ(data.words, (std::vector<std::string>{"rise", "unknown"}));
  EXPECT_EQ(data.train.size() + data.dev.size(), 72U);
  EXPECT_EQ(data.test.size(), 18U);
  EXPECT_FALSE(data.dev.empty());
  for (const CommandExample& dev : data.dev) {
    for (const CommandExample& train : data.train) EXPECT_NE(dev.speaker, train.speaker);
  }
  const auto never = [](size_t, size_t) { return false; };
  EXPECT_THROW(read_commands_data(folder.path(), {"rise"}, 0.3, kRate, 2, never), Error);
}

TEST(TrainCommands, AugmentsByTheSeedAlone) {
  const CommandExample example = {"", "", 1, tone_word(0, 5)};
  const CommandsReader reader(std::span(&example, 1), commands_front_end(), commands_augment(1),
                              {});
  const TrainingExample a = reader(0, 7);
  const TrainingExample b = reader(0, 7);
  const TrainingExample c = reader(0, 8);
  EXPECT_EQ(a.streams[0].shape(), Shape({98, 40}));
  EXPECT_EQ(a.targets, std::vector<int>{1});
  EXPECT_TRUE(std::ranges::equal(a.streams[0].values(), b.streams[0].values()));
  EXPECT_FALSE(std::ranges::equal(a.streams[0].values(), c.streams[0].values()));
}

TEST(TrainWavenetDemo, SaysWhatItLearnt) {
  const ScratchFolder folder;
  AudioBuffer hum{std::vector<float>(kRate / 4), kRate};
  for (size_t n = 0; n < hum.samples.size(); ++n) {
    hum.samples[n] = static_cast<float>(
        0.5 * std::sin(2.0 * std::numbers::pi * 200.0 * static_cast<double>(n) / kRate));
  }
  write_audio(folder.path() / "hum.wav", hum);
  const std::filesystem::path learnt = folder.path() / "learnt.wav";
  const ProgramRun run = run_bivox("train wavenet-demo " + quoted(folder.path() / "hum.wav") +
                                   " --seconds 0.25 --epochs 3 --rate 0.01 -o " + quoted(learnt));
  ASSERT_EQ(run.code, 0) << run.err;
  const AudioBuffer said = read_audio(learnt);
  EXPECT_EQ(said.samples.size(), 4000U);
  // Its power lies at the tone: what was learnt was said.
  double cosine = 0.0;
  double sine = 0.0;
  double power = 0.0;
  for (size_t n = 2000; n < 4000; ++n) {
    const double angle = 2.0 * std::numbers::pi * 200.0 * static_cast<double>(n) / kRate;
    cosine += said.samples[n] * std::cos(angle);
    sine += said.samples[n] * std::sin(angle);
    power += said.samples[n] * said.samples[n];
  }
  EXPECT_GT(power / 2000.0, 0.01);
  EXPECT_GT((cosine * cosine + sine * sine) / (power * 1000.0), 0.5) << run.out;
  EXPECT_EQ(run_bivox("train wavenet-demo /nonexistent.wav").code, 3);
  EXPECT_EQ(run_bivox("train").code, 2);
}

}  // namespace
}  // namespace bivox
