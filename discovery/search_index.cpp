// The words of one server's tools, prepared for searching.
#include <headrace/discovery/search_index.hpp>

#include <algorithm>
#include <array>
#include <map>
#include <utility>

namespace headrace::discovery {
namespace {

using Field = SearchIndex::Field;

// A description tells what a tool is for at its beginning; what comes later is examples.
constexpr std::size_t kMaxIndexedText = 4 * 1024;
// Bounds the index of a server that floods us; its tools' names come first.
constexpr std::size_t kMaxPostings = 400'000;
constexpr std::size_t kMaxWord = 64;
constexpr std::size_t kMinSubstring = 3;

// A whole word counts more than a word's beginning, that more than its inside; and the least of a
// name (8 × 0.4) counts more than the most of a description (2).
constexpr float kWhole = 1.0F;
constexpr float kBeginning = 0.7F;
constexpr float kInside = 0.4F;
constexpr std::array<float, 4> kFieldWeight = {2.0F, 2.5F, 6.0F, 8.0F};  // in the order of Field

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

// Lower case and singular, roughly: enough that `files` finds `file`.
std::string normalised(std::string_view word) {
  std::string result(word.substr(0, kMaxWord));
  for (char& c : result) {
    if (is_upper(c)) c = static_cast<char>(c - 'A' + 'a');
  }
  if (result.size() > 4 && result.ends_with("ies")) {
    result.replace(result.size() - 3, 3, "y");
  } else if (result.size() > 3 && result.ends_with('s') && !result.ends_with("ss") &&
             !result.ends_with("us") && !result.ends_with("is")) {
    result.pop_back();
  }
  return result;
}

// Whether a hump of camelCase starts at `i`: fooBar, and the last capital of HTTPServer.
bool is_hump(std::string_view run, std::size_t i) {
  if (i == 0 || !is_upper(run[i])) return false;
  return !is_upper(run[i - 1]) || (i + 1 < run.size() && is_lower(run[i + 1]));
}

// Calls `visit(run, is_part)` for each run of letters, or with `parts` for each hump of it.
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

// A word can hold another only if it holds all its pairs of letters: spares most comparisons.
std::uint64_t letter_pairs(std::string_view word) {
  std::uint64_t pairs = 0;
  for (std::size_t i = 1; i < word.size(); ++i) {
    const auto a = static_cast<unsigned char>(word[i - 1]);
    const auto b = static_cast<unsigned char>(word[i]);
    pairs |= std::uint64_t{1} << ((a * 37U + b) & 63U);
  }
  return pairs;
}

class Builder {
 public:
  // Both `github` and `git`, `hub` find GitHub.
  void add_text(std::uint32_t tool, Field field, std::string_view text) {
    for_each_run(text.substr(0, kMaxIndexedText), [&](std::string_view run) {
      std::size_t humps = 0;
      for_each_hump(run, [&](std::string_view hump) {
        add_word(tool, field, hump);
        ++humps;
      });
      if (humps > 1) add_word(tool, field, run);
    });
  }

  // And `readfile` finds read_file.
  void add_name(std::uint32_t tool, Field field, std::string_view name) {
    add_text(tool, field, name);
    std::string joined;
    std::size_t runs = 0;
    for_each_run(name.substr(0, kMaxIndexedText), [&](std::string_view run) {
      joined += run;
      ++runs;
    });
    if (runs > 1) add_word(tool, field, joined);
  }

  const std::map<std::string, std::vector<SearchIndex::Posting>>& words() const { return words_; }

 private:
  void add_word(std::uint32_t tool, Field field, std::string_view word) {
    if (count_ == kMaxPostings) return;
    std::vector<SearchIndex::Posting>& postings = words_[normalised(word)];
    if (!postings.empty() && postings.back().tool == tool) {
      postings.back().field = std::max(postings.back().field, field);
      return;
    }
    postings.push_back({tool, field});
    ++count_;
  }

  std::map<std::string, std::vector<SearchIndex::Posting>> words_;
  std::size_t count_ = 0;
};

}  // namespace

std::vector<std::string> search_words(std::string_view text) {
  std::vector<std::string> words;
  for_each_run(text, [&](std::string_view run) {
    for_each_hump(run, [&](std::string_view hump) { words.push_back(normalised(hump)); });
  });
  return words;
}

SearchIndex::SearchIndex(std::string_view server_name, std::span<const ToolDoc> tools) {
  Builder builder;
  for (std::uint32_t i = 0; i < tools.size(); ++i) {
    builder.add_name(i, Field::name, tools[i].name);
    builder.add_text(i, Field::title, tools[i].title);
    builder.add_name(i, Field::server, server_name);
  }
  for (std::uint32_t i = 0; i < tools.size(); ++i) {
    builder.add_text(i, Field::description, tools[i].description);
  }
  words_.reserve(builder.words().size());
  pairs_.reserve(builder.words().size());
  for (const auto& [text, postings] : builder.words()) {
    const auto text_begin = static_cast<std::uint32_t>(texts_.size());
    const auto postings_begin = static_cast<std::uint32_t>(postings_.size());
    texts_ += text;
    pairs_.push_back(letter_pairs(text));
    postings_.insert(postings_.end(), postings.begin(), postings.end());
    words_.push_back({text_begin, static_cast<std::uint32_t>(text.size()), postings_begin,
                      static_cast<std::uint32_t>(postings_.size())});
  }
  texts_.shrink_to_fit();
  postings_.shrink_to_fit();
}

std::string_view SearchIndex::text(const Word& word) const noexcept {
  return std::string_view(texts_).substr(word.text_begin, word.text_size);
}

void SearchIndex::score(std::string_view wanted, std::span<float> scores) const noexcept {
  if (wanted.empty()) return;
  const auto apply = [&](const Word& word, float weight) {
    for (std::uint32_t i = word.postings_begin; i < word.postings_end; ++i) {
      const Posting& posting = postings_[i];
      float& score = scores[posting.tool];
      score = std::max(score, weight * kFieldWeight[static_cast<std::size_t>(posting.field)]);
    }
  };
  auto word = std::lower_bound(words_.begin(), words_.end(), wanted,
                               [this](const Word& w, std::string_view t) { return text(w) < t; });
  for (; word != words_.end() && text(*word).starts_with(wanted); ++word) {
    apply(*word, word->text_size == wanted.size() ? kWhole : kBeginning);
  }
  if (wanted.size() < kMinSubstring) return;
  const std::uint64_t pairs = letter_pairs(wanted);
  for (std::size_t i = 0; i < words_.size(); ++i) {
    if ((pairs_[i] & pairs) != pairs) continue;
    const std::size_t at = text(words_[i]).find(wanted);
    if (at != 0 && at != std::string_view::npos) apply(words_[i], kInside);
  }
}

}  // namespace headrace::discovery
