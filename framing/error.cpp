// The errors of this layer as std::error_code.
#include <headrace/framing/error.hpp>

#include <string>

namespace headrace::framing {
namespace {

class Category final : public std::error_category {
 public:
  const char* name() const noexcept override { return "headrace.framing"; }

  std::string message(int value) const override {
    switch (static_cast<Errc>(value)) {
      case Errc::frame_too_large:
        return "a message was over the frame limit and has been skipped";
      case Errc::bad_frame:
        return "a line was not a JSON-RPC message";
      case Errc::out_of_memory:
        return "there was no memory to read a message into";
    }
    return "unknown framing error";
  }
};

}  // namespace

const std::error_category& framing_category() noexcept {
  static const Category category;
  return category;
}

}  // namespace headrace::framing
