// Frames round code, indentation before output, times behind it.
#include "screen.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <unistd.h>

namespace demo {
namespace {

bool terminal() {
  static const bool is_terminal = ::isatty(STDOUT_FILENO) == 1;
  return is_terminal;
}

// A style of the terminal: "1" is bold, "2" faint, "36" cyan, "0" none.
std::string style(const char* code) {
  static const bool colours = terminal() && std::getenv("NO_COLOR") == nullptr;
  return colours ? std::string("\033[") + code + "m" : std::string();
}

constexpr std::size_t width = 100;

// At most so many bytes, and no part of a character.
std::string_view cut(std::string_view text, std::size_t longest) {
  if (text.size() <= longest) return text;
  while (longest > 0 && (static_cast<unsigned char>(text[longest]) & 0xC0) == 0x80)
    --longest;
  return text.substr(0, longest);
}

void lines(std::string_view text, const std::string& before, const std::string& behind,
           std::size_t longest = std::string_view::npos) {
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    std::cout << before << cut(line, longest) << (line.size() > longest ? "…" : "") << behind
              << '\n';
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
}

std::string describe(std::chrono::nanoseconds time) {
  const double milliseconds = static_cast<double>(time.count()) / 1e6;
  char text[32];
  if (milliseconds < 1000) {
    std::snprintf(text, sizeof text, "%.1f ms", milliseconds);
  } else {
    std::snprintf(text, sizeof text, "%.2f s", milliseconds / 1000);
  }
  return text;
}

}  // namespace

void Screen::note(std::string_view text) {
  std::cout << style("2") << text << style("0") << "\n\n" << std::flush;
}

void Screen::code(int number, std::string_view title, std::string_view code) {
  std::cout << style("1") << number << ". " << title << style("0") << "\n";
  lines(code, style("36") + "   │ ", style("0"));
  std::cout << std::flush;
}

void Screen::output(std::string_view text, std::chrono::nanoseconds time) {
  lines(text, "     ", "");
  std::cout << style("32") << "   ✓ " << describe(time) << style("0") << "\n\n" << std::flush;
}

void Screen::log(std::string_view text) {
  end_progress();
  lines(text, style("2") + "     ", style("0"), width);
  std::cout << std::flush;
}

void Screen::progress(std::string_view text) {
  if (terminal()) std::cout << "\r\033[K   … " << cut(text, width - 30) << std::flush;
}

void Screen::end_progress() {
  if (terminal()) std::cout << "\r\033[K" << std::flush;
}

}  // namespace demo
