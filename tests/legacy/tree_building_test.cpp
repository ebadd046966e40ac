#include "legacy/hmm/tree_building.h"

#include <gtest/gtest.h>

#include <random>
#include <vector>

namespace bivox {
namespace {

// Phones a, b sound alike and c, d do; the middle phone x depends on the class of its left
// neighbour and not on anything else.
struct World {
  PhoneSet phones;
  std::vector<PhoneId> neighbours;
  PhoneId x = 0;

  World() {
    phones.add("SIL", true);
    phones.add("NOISE", true);
    for (const char* name : {"a", "b", "c", "d"}) neighbours.push_back(phones.add(name));
    x = phones.add("x");
  }

  ContextStatistics statistics(int frames) const {
    ContextStatistics out(phones, 2);
    std::mt19937 random(1);
    std::normal_distribution<float> normal;
    for (int i = 0; i < frames; ++i) {
      const auto n = static_cast<size_t>(i) % 4;
      const float kind = n < 2 ? 4.0F : -4.0F;
      const float own[2] = {kind + normal(random) + static_cast<float>(n) * 0.1F, normal(random)};
      out.add(neighbours[n], 0, {WordPosition::kInternal, x, x}, own);
      const float moved[2] = {kind / 2.0F + normal(random), 20.0F + normal(random)};
      const PhoneId right = neighbours[random() % 4];
      out.add(x, 0, {WordPosition::kInternal, neighbours[n], right}, moved);
    }
    return out;
  }
};

TEST(TreeBuilding, PhoneSetsHoldWhatSoundsAlike) {
  const World world;
  const auto sets = derive_phone_sets(world.statistics(4000), world.phones, 1);
  const auto has = [&](std::vector<PhoneId> members) {
    std::vector<bool> wanted(static_cast<size_t>(world.phones.size()), false);
    for (const PhoneId p : members) wanted[static_cast<size_t>(p)] = true;
    return std::ranges::find(sets, wanted) != sets.end();
  };
  EXPECT_TRUE(has({world.neighbours[0], world.neighbours[1]}));
  EXPECT_TRUE(has({world.neighbours[2], world.neighbours[3]}));
  EXPECT_TRUE(has({world.neighbours[2]}));
  EXPECT_FALSE(has({world.neighbours[1], world.neighbours[2]}));
}

TEST(TreeBuilding, SplitsWhereTheSoundChanges) {
  const World world;
  TreeOptions options;
  options.min_gain = 500.0;
  const StateTree tree = grow_state_tree(world.statistics(4000), world.phones, 1, options);
  EXPECT_EQ(tree.num_states(), world.phones.size() + 1);
  const auto state = [&](size_t left, size_t right) {
    return tree.tied_state(
        world.x, 0, {WordPosition::kInternal, world.neighbours[left], world.neighbours[right]});
  };
  EXPECT_EQ(state(0, 2), state(1, 3));
  EXPECT_EQ(state(2, 0), state(3, 1));
  EXPECT_NE(state(0, 0), state(2, 0));
}

TEST(TreeBuilding, StopsAtTheLimits) {
  const World world;
  TreeOptions options;
  options.min_gain = 0.0;
  options.min_frames = 10.0;
  options.max_states = world.phones.size() + 3;
  EXPECT_EQ(grow_state_tree(world.statistics(4000), world.phones, 1, options).num_states(),
            options.max_states);
  options.max_states = 1000;
  options.min_frames = 5000.0;  // more than there are
  EXPECT_EQ(grow_state_tree(world.statistics(4000), world.phones, 1, options).num_states(),
            world.phones.size());
}

TEST(TreeBuilding, FillersCountAsSilenceInContexts) {
  const World world;
  ContextStatistics statistics(world.phones, 1);
  const float value = 1.0F;
  statistics.add(world.x, 0, {WordPosition::kBegin, 0, world.x}, &value);
  statistics.add(world.x, 0, {WordPosition::kBegin, 1, world.x}, &value);
  ASSERT_EQ(statistics.all().size(), 1U);
  EXPECT_EQ(statistics.all().begin()->second.frames, 2.0);
}

}  // namespace
}  // namespace bivox
