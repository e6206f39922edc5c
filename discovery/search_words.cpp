// What counts as a word, and which words count as the same.
#include <headrace/discovery/ascii.hpp>
#include <headrace/discovery/search_words.hpp>

#include <algorithm>
#include <array>
#include <map>

namespace headrace::discovery {
namespace {

constexpr std::size_t kMaxWord = 64;

bool is_upper(char c) {
  return c >= 'A' && c <= 'Z';
}
bool is_lower(char c) {
  return c >= 'a' && c <= 'z';
}
bool is_letter(char c) {
  return is_upper(c) || is_lower(c) || (c >= '0' && c <= '9') ||
         static_cast<unsigned char>(c) >= 0x80;
}
bool is_vowel(char c) {
  return c == 'a' || c == 'e' || c == 'i' || c == 'o' || c == 'u' || c == 'y';
}

// Whether a hump of camelCase starts at `i`: fooBar, and the last capital of HTTPServer.
bool is_hump(std::string_view run, std::size_t i) {
  if (i == 0 || !is_upper(run[i])) return false;
  return !is_upper(run[i - 1]) || (i + 1 < run.size() && is_lower(run[i + 1]));
}

template <typename F>
void for_each_run(std::string_view text, F&& visit) {
  std::size_t i = 0;
  while (i < text.size()) {
    while (i < text.size() && !is_letter(text[i]))
      ++i;
    const std::size_t begin = i;
    while (i < text.size() && is_letter(text[i]))
      ++i;
    if (i != begin) visit(text.substr(begin, i - begin));
  }
}

template <typename F>
void for_each_hump(std::string_view run, F&& visit) {
  std::size_t begin = 0;
  for (std::size_t i = 1; i <= run.size(); ++i) {
    if (i != run.size() && !is_hump(run, i)) continue;
    visit(run.substr(begin, i - begin));
    begin = i;
  }
}

// Both `github` and `git`, `hub` find GitHub, where the whole is asked for as well.
template <typename F>
void for_each_word(std::string_view text, bool wholes, F&& visit) {
  for_each_run(text, [&](std::string_view run) {
    std::size_t humps = 0;
    for_each_hump(run, [&](std::string_view hump) {
      visit(hump);
      ++humps;
    });
    if (wholes && humps > 1) visit(run);
  });
}

std::vector<std::string> split(std::string_view text, bool wholes) {
  std::vector<std::string> words;
  for_each_word(text, wholes,
                [&words](std::string_view spelling) { words.push_back(stem_of(spelling)); });
  return words;
}

// Takes off `ending` if what is left has three letters and a vowel.
bool strip(std::string& word, std::string_view ending) {
  if (word.size() < ending.size() + 3 || !word.ends_with(ending)) return false;
  const std::string_view rest = std::string_view(word).substr(0, word.size() - ending.size());
  if (std::none_of(rest.begin(), rest.end(), is_vowel)) return false;
  word.resize(rest.size());
  return true;
}

// Groups of words that stand for the same in the names and descriptions of tools, and in questions
// about them. In full; the table below is made of their stems.
constexpr std::string_view kGroups[] = {
    "delete remove erase drop destroy discard trash",
    "create add new make insert generate open build",
    "get fetch read retrieve show view load display see look obtain give print",
    "list enumerate all every which available browse",
    "search find query lookup look grep locate seek",
    "update edit change modify alter set patch adjust revise",
    "send post publish submit deliver",
    "run execute invoke launch start perform",
    "stop cancel abort kill terminate end halt",
    "folder directory dir",
    "file document",
    "picture image photo screenshot snapshot",
    "repository repo",
    "pull merge",
    "issue ticket bug task",
    "mail email message",
    "database db",
    "web website site page url internet online",
    "page document",
    "user person people member account contact who",
    "comment reply note remark respond",
    "copy clone duplicate fork",
    "rename move",
    "history log past commit",
    "difference diff compare change",
    "weather forecast temperature",
    "time date clock calendar when",
    "map place location address where",
    "route direction navigate",
    "channel room conversation",
    "chart plot graph diagram",
    "table sheet spreadsheet",
    "row record entry line item",
    "click press tap push",
    "type write enter fill input",
    "write save store put persist",
    "download fetch save",
    "upload attach put",
    "info information detail metadata about describe",
    "size length count many number",
    "branch fork",
    "video movie film clip youtube",
    "song track music",
    "paper article publication study",
    "library package module dependency",
    "documentation docs doc manual reference",
    "remember memory recall knowledge",
    "think reason thought",
    "total sum add",
    "container docker",
    "error failure exception problem",
    "customer client buyer",
    "payment charge pay money",
    "invoice bill",
    "translate convert transform turn",
    "event meeting appointment",
    "project board workspace",
    "assign give",
    "close finish complete done resolve",
    "label tag",
    "share invite permission access",
    "tree structure hierarchy",
    "tab window",
    "wait pause sleep",
    "schema structure column field",
    "summary summarize overview",
    "current now today present",
    "job pipeline workflow action",
    "deploy release ship",
    "pr pull request merge",
    "k8s kubernetes cluster pod",
    "undo revert rollback restore reset discard",
    "expire expiry ttl timeout vanish lifetime",
    "notify notification alert alarm warn watch subscribe watcher",
    "outage incident downtime",
    "mute silence suppress snooze",
    "slow fast performance speed latency lighthouse profile",
    "trace profile performance",
    "speech voice audio speak spoken aloud sound narrate",
    "transcript transcribe transcription dictate subtitle caption",
    "record recording capture",
    "phone mobile device smartphone android iphone",
    "machine host server vm instance node",
    "app application program",
    "right permission role access privilege",
    "insecure secure security vulnerability advisor",
    "cost price cheap billing expense",
    "slide deck presentation powerpoint pptx",
    "docx word document",
    "xlsx excel spreadsheet workbook sheet",
    "tab sheet worksheet",
    "column cell range",
    "heading header outline toc section",
    "elevation altitude height high",
    "drive route direction travel",
    "distance far duration matrix",
    "coordinate geocode latitude longitude address",
    "nearby near local around",
    "restaurant shop business place local",
    "flat apartment room stay lodging hotel accommodation",
    "headline news press",
    "encyclopedia wikipedia article",
    "preprint paper arxiv",
    "survey form questionnaire poll",
    "answer response reply respond",
    "holiday vacation absence office",
    "organizer host invitation invite",
    "decline refuse reject",
    "accept agree approve",
    "done resolve fixed complete close transition status",
    "tick check complete done",
    "todo task",
    "rotate rotation orientation landscape portrait sideways turn",
    "pretend emulate simulate mock fake stub",
    "geolocation location gps",
    "install setup",
    "uninstall remove",
    "compile build",
    "simulator sim emulator",
    "coverage test",
    "crash crashes error exception",
    "bug defect issue",
    "frequency distribution histogram often",
    "proportion share percentage pie",
    "trend time line",
    "aggregate group sum average",
    "filter query where",
    "row record",
    "index key",
    "cache redis key",
    "queue list pop",
    "color colour format style highlight background",
    "conditional rule",
    "validation restrict allow",
    "resize size small large viewport",
    "dialog popup prompt alert confirm",
    "dropdown select option choose pick",
    "console log stdout",
    "network request http call",
    "scroll wheel",
    "staged unstaged index",
    "change diff modification edit unstaged",
    "review reviewer feedback",
    "member people team staff colleague employee",
    "view visit look visitor traffic",
    "explain describe mean meaning definition",
    "echo repeat",
    "image picture drawing icon",
    "flow diagram flowchart process",
    "migration schema ddl",
    "translate language",
    "secret password credential token",
    "backup dump export archive",
    "import load ingest",
    "schedule cron timer calendar",
    "fix repair autofix heal debug",
    "automation workflow",
    "block node component",
    "deploy deployment release publish",
    "scale replica",
    "hold pause suspend",
    "continue resume",
    "login auth authenticate signin account",
    "me myself whoami current",
    "latest newest recent last",
    "first begin start head top",
    "last end tail bottom",
    "count number many amount total",
    "random shuffle",
    "vote star like favorite react reaction emoji",
    "topic subject category tag",
    "company organization organisation business",
    "contact person lead",
    "ticket issue case",
    "epic sprint backlog milestone",
    "attach attachment",
    "draft compose",
    "inbox mailbox mail",
    "chat message conversation dm",
    "bold italic font style",
    "footnote endnote citation cite reference",
    "replace swap substitute",
    "encrypt lock protect password",
    "extract parse scrape crawl",
    "crawl map sitemap link",
    "compress zip archive",
    "cluster node shard",
    "metric monitor measure statistic telemetry",
    "query sql statement",
    "embedding vector similarity",
    "test check verify validate",
};

using Table = std::map<std::string, std::vector<std::string_view>, std::less<>>;

const Table& table() {
  // The stems are kept apart, for the views into them.
  static const std::vector<std::vector<std::string>> groups = [] {
    std::vector<std::vector<std::string>> made;
    for (const std::string_view words : kGroups)
      made.push_back(search_words(words));
    return made;
  }();
  static const Table made = [] {
    Table result;
    for (const std::vector<std::string>& group : groups) {
      for (const std::string& word : group) {
        std::vector<std::string_view>& others = result[word];
        for (const std::string& other : group) {
          if (other != word && std::find(others.begin(), others.end(), other) == others.end())
            others.emplace_back(other);
        }
      }
    }
    return result;
  }();
  return made;
}

constexpr std::string_view kFillers =
    "a able about all already also am an and any anybody anyone anything are as at away be been "
    "being but by can could did do does done either else ever for from go goes going got had has "
    "have having he her here him his how i if in into is it its itself just let like lot many may "
    "me might mine more most much must my myself need needs never no nobody not nothing of off "
    "often on once one only onto or other others our ours out please possible really same she "
    "should so some somebody someone something somewhere soon still stuff such tell than that the "
    "their them then there these they thing things this those to too up us very want wanted wants "
    "was way we well went were what whatever whether which while why will with within without "
    "would yet you your yours yourself";

}  // namespace

std::string stem(std::string_view given) {
  std::string word(given);
  if (word.size() > 4 && word.ends_with("ies")) {
    word.replace(word.size() - 3, 3, "y");
  } else if (word.size() > 3 && word.ends_with('s') && !word.ends_with("ss") &&
             !word.ends_with("us") && !word.ends_with("is")) {
    word.pop_back();
  }
  if (strip(word, "ing") || strip(word, "ed")) {
    const std::size_t size = word.size();
    // stopped, getting; but not calling, missed
    if (size > 3 && word[size - 1] == word[size - 2] && !is_vowel(word[size - 1]) &&
        word[size - 1] != 'l' && word[size - 1] != 's' && word[size - 1] != 'z') {
      word.pop_back();
    }
  } else if (word.ends_with("tion") || word.ends_with("sion")) {
    // creation, but not notion
    if (word.size() > 6) strip(word, "ion");
  }
  if (word.size() > 3 && word.ends_with('e')) word.pop_back();
  if (word.size() > 3 && word.ends_with('y') && !is_vowel(word[word.size() - 2])) word.back() = 'i';
  return word;
}

std::string stem_of(std::string_view spelling) {
  return stem(ascii_lower(spelling.substr(0, kMaxWord)));
}

void for_each_spelling(std::string_view text,
                       const std::function<void(std::string_view spelling)>& visit) {
  for_each_word(text, true, visit);
}

std::vector<std::string> search_words(std::string_view text) {
  return split(text, false);
}

std::vector<std::string> search_name_words(std::string_view name) {
  std::vector<std::string> words = split(name, true);
  std::string joined;
  std::size_t runs = 0;
  for_each_run(name, [&](std::string_view run) {
    joined += run;
    ++runs;
  });
  if (runs > 1) words.push_back(stem_of(joined));
  return words;
}

std::span<const std::string_view> synonyms(std::string_view stem) noexcept {
  const auto found = table().find(stem);
  if (found == table().end()) return {};
  return found->second;
}

bool is_filler(std::string_view word) noexcept {
  static const std::vector<std::string> fillers = [] {
    std::vector<std::string> words = search_words(kFillers);
    std::sort(words.begin(), words.end());
    return words;
  }();
  return std::binary_search(fillers.begin(), fillers.end(), word);
}

unsigned edit_distance(std::string_view a, std::string_view b, unsigned limit) {
  if (a.size() > b.size()) std::swap(a, b);
  if (b.size() - a.size() > limit || b.size() > kMaxWord) return limit + 1;
  // Three rows of the table of optimal string alignment.
  std::array<unsigned, kMaxWord + 1> before{};
  std::array<unsigned, kMaxWord + 1> last{};
  std::array<unsigned, kMaxWord + 1> row{};
  for (std::size_t j = 0; j <= b.size(); ++j)
    last[j] = static_cast<unsigned>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    row[0] = static_cast<unsigned>(i);
    unsigned least = row[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const unsigned change = a[i - 1] == b[j - 1] ? 0 : 1;
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, last[j - 1] + change});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        row[j] = std::min(row[j], before[j - 2] + 1);
      }
      least = std::min(least, row[j]);
    }
    if (least > limit) return limit + 1;
    before = last;
    last = row;
  }
  return std::min(last[b.size()], limit + 1);
}

}  // namespace headrace::discovery
