// What counts as a word, and which words count as the same.
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::discovery {

/// Splits text into words in lower case: at everything but letters and digits (bytes of other
/// alphabets count as letters), and at the humps of camelCase. Each is reduced to its stem: `files`
/// and `filing` to `fil`, `created` and `creation` to `creat`.
std::vector<std::string> search_words(std::string_view text);

/// The words that a name is to be found by: also those of camelCase as one, so that both `github`
/// and `git`, `hub` find GitHub, and all as one: `readfile` finds read_file.
std::vector<std::string> search_name_words(std::string_view name);

/// The words that text is to be found by, as they are written: those of search_words(), and those
/// of camelCase also as one.
void for_each_spelling(std::string_view text,
                       const std::function<void(std::string_view spelling)>& visit);

/// The stem of a word as it is written, of whose letters only the first 64 count.
std::string stem_of(std::string_view spelling);

/// The stem of one word in lower case.
std::string stem(std::string_view word);

/// Other stems that people use for the same thing, such as `remov` for `delet`; may be empty.
std::span<const std::string_view> synonyms(std::string_view stem) noexcept;

/// Words of sentences rather than of tools: `the`, `with`, `please`.
bool is_filler(std::string_view stem) noexcept;

/// How many letters have to be left out, put in, changed or swapped with their neighbour to make
/// one word of the other; `limit + 1` when it is more than `limit`.
unsigned edit_distance(std::string_view a, std::string_view b, unsigned limit);

}  // namespace headrace::discovery
