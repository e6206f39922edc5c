// The words of one server's tools, prepared for searching.
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/search_index.hpp>
#include <headrace/discovery/search_words.hpp>
#include <headrace/discovery/signature.hpp>

#include <algorithm>
#include <array>
#include <functional>
#include <numeric>
#include <unordered_map>

namespace headrace::discovery {
namespace {

// A description tells what a tool is for at its beginning; what comes later is examples.
constexpr std::size_t kMaxIndexedText = 4 * 1024;
constexpr std::size_t kMaxIndexedSchema = 64 * 1024;
// Bounds the index of a server that floods us; its tools' names come first.
constexpr std::size_t kMaxPostings = 400'000;

enum class Field : std::uint8_t {
  name,
  title,
  server,
  parameter,
  summary,  // the first sentence of the description
  description,
  parameter_text
};
constexpr std::size_t kFields = 7;

// However often a word stands in a field, it counts at most its weight. So a hit in a name counts
// more than any number of hits in descriptions, also where it is but the beginning of a word.
constexpr std::array<float, kFields> kWeight = {8.0F, 5.0F, 1.5F, 1.0F, 3.0F, 0.8F, 0.4F};
// A count of one gives this part of the weight, more get ever closer to the whole.
constexpr float kDamping = 0.5F;
// In a description that is longer than this many words, each says less.
constexpr float kUsualDescription = 30.0F;

struct Counts {
  std::array<std::uint8_t, kFields> of{};
};

// Collects words. Most of a server's words are the same ones again, in the same spelling, so that
// only the first of them is reduced to its stem.
class Builder {
 public:
  void add(std::uint32_t tool, Field field, const std::vector<std::string>& stems) {
    for (const std::string& stem : stems)
      count(tool, field, number_of(stem));
  }

  // How many words that were.
  std::size_t add_text(std::uint32_t tool, Field field, std::string_view text) {
    std::size_t words = 0;
    for_each_spelling(text, [&](std::string_view spelling) {
      count(tool, field, number_of_spelling(spelling.substr(0, kMaxSpelling)));
      ++words;
    });
    return words;
  }

  // Calls `visit` with each word, in alphabetical order, and its entries, one for each tool and in
  // their order.
  template <typename F>
  void for_each_word(F&& visit) {
    std::vector<std::vector<Entry>> by_word(words_.size());
    for (std::uint32_t word = 0; word < words_.size(); ++word)
      by_word[word].reserve(words_[word].entries);
    for (const Entry& entry : entries_)
      by_word[entry.word].push_back(entry);
    std::vector<std::uint32_t> order(words_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
      return *words_[a].text < *words_[b].text;
    });
    for (const std::uint32_t word : order) {
      std::vector<Entry>& entries = by_word[word];
      join(entries);
      visit(std::string_view(*words_[word].text), std::span<const Entry>(entries));
    }
  }

  struct Entry {
    std::uint32_t word;
    std::uint32_t tool;
    Counts counts;
  };

 private:
  // Longer ones differ in what does not count.
  static constexpr std::size_t kMaxSpelling = 64;
  static constexpr std::size_t kMaxSpellings = std::size_t{1} << 16;
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  struct Word {
    const std::string* text;  // the key of its number
    std::size_t entries = 0;
    std::size_t last = 0;  // the last of its entries
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept {
      return std::hash<std::string_view>()(text);
    }
  };
  using Numbers = std::unordered_map<std::string, std::uint32_t, Hash, std::equal_to<>>;

  bool full() const noexcept { return entries_.size() == kMaxPostings; }

  std::uint32_t number_of(const std::string& stem) {
    const auto known = numbers_.find(stem);
    if (known != numbers_.end()) return known->second;
    if (full()) return kNone;
    const auto number = static_cast<std::uint32_t>(words_.size());
    words_.push_back({&numbers_.emplace(stem, number).first->first});
    return number;
  }

  std::uint32_t number_of_spelling(std::string_view spelling) {
    const auto known = spellings_.find(spelling);
    if (known != spellings_.end()) return known->second;
    const std::uint32_t number = number_of(stem_of(spelling));
    if (number != kNone && spellings_.size() < kMaxSpellings) spellings_.emplace(spelling, number);
    return number;
  }

  void count(std::uint32_t tool, Field field, std::uint32_t number) {
    if (number == kNone) return;
    Word& word = words_[number];
    if (word.entries == 0 || entries_[word.last].tool != tool) {
      if (full()) return;
      word.last = entries_.size();
      ++word.entries;
      entries_.push_back({number, tool, {}});
    }
    std::uint8_t& count = entries_[word.last].counts.of[static_cast<std::size_t>(field)];
    if (count < 255) ++count;
  }

  // A tool may have come by twice: with its name, and with its description.
  static void join(std::vector<Entry>& entries) {
    std::sort(entries.begin(), entries.end(),
              [](const Entry& a, const Entry& b) { return a.tool < b.tool; });
    std::size_t kept = 0;
    for (std::size_t i = 1; i < entries.size(); ++i) {
      if (entries[i].tool != entries[kept].tool) {
        entries[++kept] = entries[i];
        continue;
      }
      for (std::size_t field = 0; field < kFields; ++field) {
        const int sum = entries[kept].counts.of[field] + entries[i].counts.of[field];
        entries[kept].counts.of[field] = static_cast<std::uint8_t>(std::min(sum, 255));
      }
    }
    if (!entries.empty()) entries.resize(kept + 1);
  }

  Numbers numbers_;    // by stem
  Numbers spellings_;  // of the stem that a spelling has
  std::vector<Word> words_;
  std::vector<Entry> entries_;
};

float strength(const Counts& counts, float length_penalty) {
  float sum = 0;
  for (std::size_t field = 0; field < kFields; ++field) {
    const float count = counts.of[field];
    if (count == 0) continue;
    const bool is_text = field >= static_cast<std::size_t>(Field::description);
    const float damped = count / (count + kDamping * (is_text ? length_penalty : 1.0F));
    sum += kWeight[field] * damped;
  }
  return sum;
}

void add_parameters(Builder& builder, std::uint32_t tool, std::string_view schema) {
  if (schema.size() > kMaxIndexedSchema || json_type(schema) != JsonType::object) return;
  std::string key;
  std::string_view value;
  for (JsonMembers members(schema); members.next(key, value);) {
    if (key != "properties" || json_type(value) != JsonType::object) continue;
    std::string name;
    std::string_view property;
    for (JsonMembers properties(value); properties.next(name, property);) {
      builder.add(tool, Field::parameter, search_name_words(name));
      if (json_type(property) != JsonType::object) continue;
      std::string_view text;
      for (JsonMembers details(property); details.next(name, text);) {
        if (name != "description" || json_type(text) != JsonType::string) continue;
        builder.add_text(tool, Field::parameter_text, json_string(text.substr(0, kMaxIndexedText)));
      }
    }
  }
}

}  // namespace

SearchIndex::SearchIndex(std::string_view server_name, std::span<const ToolDoc> tools) {
  Builder builder;
  const std::vector<std::string> server_words = search_name_words(server_name);
  // What is passed over for want of room is the least telling.
  for (std::uint32_t i = 0; i < tools.size(); ++i) {
    const std::vector<std::string> name = search_name_words(tools[i].name);
    name_sizes_.push_back(static_cast<std::uint8_t>(
        std::clamp<std::size_t>(search_words(tools[i].name).size(), 1, 255)));
    builder.add(i, Field::name, name);
    builder.add_text(i, Field::title, tools[i].title);
    builder.add(i, Field::server, server_words);
  }
  std::vector<float> penalties;
  for (std::uint32_t i = 0; i < tools.size(); ++i) {
    const std::size_t words = builder.add_text(
        i, Field::description, std::string_view(tools[i].description).substr(0, kMaxIndexedText));
    penalties.push_back(0.25F + 0.75F * static_cast<float>(words) / kUsualDescription);
    builder.add_text(i, Field::summary, summary_line(tools[i].description));
    add_parameters(builder, i, tools[i].input_schema);
  }
  builder.for_each_word([&](std::string_view text, std::span<const Builder::Entry> entries) {
    const auto text_begin = static_cast<std::uint32_t>(texts_.size());
    const auto postings_begin = static_cast<std::uint32_t>(postings_.size());
    texts_ += text;
    for (const auto& [word, tool, counts] : entries) {
      const float units = strength(counts, penalties[tool]) / kStrengthUnit;
      Posting posting{};
      posting.tool = tool & 0x7fffffU;
      posting.in_name = counts.of[static_cast<std::size_t>(Field::name)] != 0 ? 1 : 0;
      posting.strength = static_cast<std::uint32_t>(std::clamp(units, 1.0F, 255.0F)) & 0xffU;
      postings_.push_back(posting);
    }
    words_.push_back({text_begin, static_cast<std::uint32_t>(text.size()), postings_begin,
                      static_cast<std::uint32_t>(postings_.size())});
  });
  words_.shrink_to_fit();
  texts_.shrink_to_fit();
  postings_.shrink_to_fit();
}

std::string_view SearchIndex::word(std::size_t index) const noexcept {
  const Word& word = words_[index];
  return std::string_view(texts_).substr(word.text_begin, word.text_size);
}

std::span<const SearchIndex::Posting> SearchIndex::postings(std::size_t index) const noexcept {
  const Word& word = words_[index];
  return std::span(postings_).subspan(word.postings_begin, word.postings_end - word.postings_begin);
}

}  // namespace headrace::discovery
