// Four characters to three bytes.
#include <headrace/sandbox/base64.hpp>

#include <array>

namespace headrace::sandbox {
namespace {

constexpr std::uint8_t none = 0xFF;

constexpr std::array<std::uint8_t, 256> make_values() {
  constexpr std::string_view alphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::array<std::uint8_t, 256> values{};
  for (std::uint8_t& value : values)
    value = none;
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}

constexpr std::array<std::uint8_t, 256> values = make_values();

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  std::string bytes(text.size() / 4 * 3 - padding, '\0');
  std::size_t out = 0;
  std::uint32_t wrong = 0;  // has a bit of 0xC0 when any character is not of the alphabet
  for (std::size_t in = 0; in < text.size(); in += 4) {
    std::uint32_t group = 0;
    const std::size_t characters = in + 4 == text.size() ? 4 - padding : 4;
    for (std::size_t i = 0; i < characters; ++i) {
      const std::uint32_t value = values[static_cast<unsigned char>(text[in + i])];
      wrong |= value;
      group |= (value & 0x3FU) << (18 - 6 * i);
    }
    for (std::size_t i = 0; i + 1 < characters; ++i)
      bytes[out++] = static_cast<char>((group >> (16 - 8 * i)) & 0xFFU);
    // What the last character says beyond the last byte.
    if (characters < 4 && (group & (characters == 2 ? 0xFFFFU : 0xFFU)) != 0) return std::nullopt;
  }
  if ((wrong & 0xC0U) != 0) return std::nullopt;
  return bytes;
}

}  // namespace headrace::sandbox
