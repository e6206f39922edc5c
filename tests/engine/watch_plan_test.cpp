// What has to be watched for which paths, what the news of it mean, and when to speak of them.
#include <headrace/engine/debounce.hpp>
#include <headrace/engine/watch_plan.hpp>

#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>

namespace headrace::engine {
namespace {

using namespace std::chrono_literals;

using Kind = PathLook::Kind;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::SizeIs;

/// A file system of a few lines: `path`, `path/` for a folder, `path -> target` for a link.
LookAt files(const std::vector<std::string>& lines) {
  std::map<std::string, PathLook> known{{"/", {Kind::folder, {}}}};
  for (const std::string& line : lines) {
    const std::size_t arrow = line.find(" -> ");
    if (arrow != std::string::npos) {
      known[line.substr(0, arrow)] = {Kind::link, line.substr(arrow + 4)};
    } else if (line.ends_with('/')) {
      known[line.substr(0, line.size() - 1)] = {Kind::folder, {}};
    } else {
      known[line] = {Kind::file, {}};
    }
  }
  return [known](const std::string& path) {
    const auto found = known.find(path);
    return found == known.end() ? PathLook{} : found->second;
  };
}

WatchPlan plan(const std::vector<std::string>& paths, const std::vector<std::string>& there) {
  return plan_watches(paths, files(there));
}

WatchedPlace file() {
  return {true, false, {}};
}
WatchedPlace folder(std::set<std::string, std::less<>> names) {
  return {false, false, std::move(names)};
}
WatchedPlace whole_folder(std::set<std::string, std::less<>> names = {}) {
  return {false, true, std::move(names)};
}
const WatchedPlace on_the_way{};

TEST(WatchPlan, AFileAndItsNameAreWatched) {
  EXPECT_THAT(plan({"/home/me/a.json"}, {"/home/", "/home/me/", "/home/me/a.json"}),
              ElementsAre(Pair("/home", on_the_way), Pair("/home/me", folder({"a.json"})),
                          Pair("/home/me/a.json", file())));
}

TEST(WatchPlan, OfWhatIsMissingTheNearestFolderIsWatched) {
  EXPECT_THAT(plan({"/home/me/.config/x/y.json"}, {"/home/", "/home/me/"}),
              ElementsAre(Pair("/home", on_the_way), Pair("/home/me", folder({".config"}))));
  EXPECT_THAT(plan({"/nowhere/x"}, {}), ElementsAre(Pair("/", folder({"nowhere"}))));
}

TEST(WatchPlan, OfAFolderAllNamesMatterAndItsOwnAbove) {
  EXPECT_THAT(plan({"/me/MCPs"}, {"/me/", "/me/MCPs/", "/me/MCPs/a.json"}),
              ElementsAre(Pair("/me", folder({"MCPs"})), Pair("/me/MCPs", whole_folder())));
  EXPECT_THAT(plan({"/me/MCPs", "/me/MCPs/a.json"}, {"/me/", "/me/MCPs/", "/me/MCPs/a.json"}),
              ElementsAre(Pair("/me", folder({"MCPs"})), Pair("/me/MCPs", whole_folder({"a.json"})),
                          Pair("/me/MCPs/a.json", file())));
}

TEST(WatchPlan, PathsShareTheirFolders) {
  EXPECT_THAT(plan({"/me/a", "/me/b", "/me/.x/c"}, {"/me/"}),
              ElementsAre(Pair("/me", folder({".x", "a", "b"}))));
}

TEST(WatchPlan, ALinkIsWatchedAndWhatItLeadsTo) {
  EXPECT_THAT(
      plan({"/me/a.json"}, {"/me/", "/me/a.json -> ../dot/real.json", "/dot/", "/dot/real.json"}),
      ElementsAre(Pair("/dot", folder({"real.json"})), Pair("/dot/real.json", file()),
                  Pair("/me", folder({"a.json"}))));
  // On the way, absolute, and into nothing.
  EXPECT_THAT(plan({"/me/.config/a/b"}, {"/me/", "/me/.config -> /dot/config", "/dot/"}),
              ElementsAre(Pair("/dot", folder({"config"})), Pair("/me", folder({".config"}))));
}

TEST(WatchPlan, LinksInACircleEnd) {
  EXPECT_THAT(plan({"/a", "/b/c"}, {"/a -> b", "/b -> /a"}),
              ElementsAre(Pair("/", folder({"a", "b"}))));
  EXPECT_THAT(plan({"/a"}, {"/a -> a/a"}), ElementsAre(Pair("/", folder({"a"}))));
}

TEST(WatchPlan, DotsAndSlashesAreFollowed) {
  const WatchPlan expected = plan({"/me/a"}, {"/me/", "/me/a"});
  EXPECT_EQ(plan({"//me/./a/"}, {"/me/", "/me/a"}), expected);
  EXPECT_THAT(
      plan({"/me/x/../a"}, {"/me/", "/me/x/", "/me/a"}),
      ElementsAre(Pair("/me", folder({"a"})), Pair("/me/a", file()), Pair("/me/x", on_the_way)));
  EXPECT_THAT(plan({"/../.."}, {}), ElementsAre(Pair("/", whole_folder())));
}

TEST(WatchPlan, AFileWhereAFolderShouldBeIsWaitedFor) {
  EXPECT_THAT(plan({"/me/.cursor/mcp.json"}, {"/me/", "/me/.cursor"}),
              ElementsAre(Pair("/me", folder({".cursor"}))));
}

TEST(WatchPlan, WhatIsNotAbsoluteIsNoPath) {
  EXPECT_THAT(plan({"", "a", "~/b"}, {}), IsEmpty());
}

TEST(NewsMeaning, OfAFolderTheNamesThatMatter) {
  const WatchedPlace some = folder({"a.json"});
  EXPECT_TRUE(meaning_of(some, PlaceNews::entry, "a.json").changed);
  // It may be a folder or a link now.
  EXPECT_TRUE(meaning_of(some, PlaceNews::entry, "a.json").replan);
  EXPECT_FALSE(meaning_of(some, PlaceNews::entry, "a.json.tmp").changed);
  EXPECT_FALSE(meaning_of(some, PlaceNews::entry, "a.json.tmp").replan);
  EXPECT_TRUE(meaning_of(whole_folder(), PlaceNews::entry, "anything").changed);
  EXPECT_FALSE(meaning_of(on_the_way, PlaceNews::entry, "anything").changed);
}

TEST(NewsMeaning, OfAFileItsContent) {
  EXPECT_TRUE(meaning_of(file(), PlaceNews::written, {}).changed);
  EXPECT_FALSE(meaning_of(file(), PlaceNews::written, {}).replan);
}

TEST(NewsMeaning, WhatIsGoneIsPlannedAnew) {
  for (const WatchedPlace& place : {file(), folder({"a"}), on_the_way}) {
    EXPECT_TRUE(meaning_of(place, PlaceNews::gone, {}).changed);
    EXPECT_TRUE(meaning_of(place, PlaceNews::gone, {}).replan);
  }
}

TEST(DebounceTest, SpeaksWhenItIsQuiet) {
  Debounce debounce(100ms, 1s);
  const Clock::time_point start{};
  EXPECT_FALSE(debounce.pending());
  EXPECT_FALSE(debounce.take(start + 1h));
  debounce.note(start);
  debounce.note(start + 50ms);
  EXPECT_EQ(debounce.due(), start + 150ms);
  EXPECT_FALSE(debounce.take(start + 149ms));
  EXPECT_TRUE(debounce.take(start + 150ms));
  EXPECT_FALSE(debounce.pending());
  EXPECT_FALSE(debounce.take(start + 1h));
}

TEST(DebounceTest, SpeaksAtLastOfWhatNeverEnds) {
  Debounce debounce(100ms, 1s);
  const Clock::time_point start{};
  int told = 0;
  for (auto now = start; now < start + 10s; now += 10ms) {
    debounce.note(now);
    told += debounce.take(now) ? 1 : 0;
  }
  EXPECT_EQ(told, 9);
}

}  // namespace
}  // namespace headrace::engine
