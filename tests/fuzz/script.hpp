// What a fuzzer wants done, byte by byte.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

/// Zeros when it has said all.
class Script {
 public:
  Script(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  bool done() const { return at_ >= size_; }
  std::uint8_t byte() { return done() ? std::uint8_t{0} : data_[at_++]; }
  std::string bytes(std::size_t count) {
    std::string text;
    while (count-- > 0 && !done())
      text.push_back(static_cast<char>(byte()));
    return text;
  }
  template <class T, std::size_t Size>
  const T& one_of(const std::array<T, Size>& choices) {
    return choices[byte() % Size];
  }

 private:
  const std::uint8_t* data_;
  std::size_t size_;
  std::size_t at_ = 0;
};
