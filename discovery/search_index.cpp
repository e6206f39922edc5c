// The words of one server's tools, prepared for searching.
#include <headrace/discovery/json_text.hpp>
#include <headrace/discovery/search_index.hpp>
#include <headrace/discovery/search_words.hpp>
#include <headrace/discovery/signature.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

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

class Builder {
 public:
  void add(std::uint32_t tool, Field field, const std::vector<std::string>& words) {
    for (const std::string& word : words) {
      auto& postings = words_[word];
      if (postings.empty() || postings.back().first != tool) {
        if (count_ == kMaxPostings) continue;
        postings.emplace_back(tool, Counts{});
        ++count_;
      }
      std::uint8_t& count = postings.back().second.of[static_cast<std::size_t>(field)];
      if (count < 255) ++count;
    }
  }

  const auto& words() const { return words_; }

 private:
  std::map<std::string, std::vector<std::pair<std::uint32_t, Counts>>> words_;
  std::size_t count_ = 0;
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
        builder.add(tool, Field::parameter_text,
                    search_text_words(json_string(text.substr(0, kMaxIndexedText))));
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
    builder.add(i, Field::title, search_text_words(tools[i].title));
    builder.add(i, Field::server, server_words);
  }
  std::vector<float> penalties;
  for (std::uint32_t i = 0; i < tools.size(); ++i) {
    const std::vector<std::string> words =
        search_text_words(std::string_view(tools[i].description).substr(0, kMaxIndexedText));
    penalties.push_back(0.25F + 0.75F * static_cast<float>(words.size()) / kUsualDescription);
    builder.add(i, Field::summary, search_text_words(summary_line(tools[i].description)));
    builder.add(i, Field::description, words);
    add_parameters(builder, i, tools[i].input_schema);
  }
  words_.reserve(builder.words().size());
  for (const auto& [text, counts] : builder.words()) {
    const auto text_begin = static_cast<std::uint32_t>(texts_.size());
    const auto postings_begin = static_cast<std::uint32_t>(postings_.size());
    texts_ += text;
    for (const auto& [tool, count] : counts) {
      const float units = strength(count, penalties[tool]) / kStrengthUnit;
      Posting posting{};
      posting.tool = tool & 0x7fffffU;
      posting.in_name = count.of[static_cast<std::size_t>(Field::name)] != 0 ? 1 : 0;
      posting.strength = static_cast<std::uint32_t>(std::clamp(units, 1.0F, 255.0F)) & 0xffU;
      postings_.push_back(posting);
    }
    words_.push_back({text_begin, static_cast<std::uint32_t>(text.size()), postings_begin,
                      static_cast<std::uint32_t>(postings_.size())});
  }
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
