// The outside of a JSON-RPC message: its kind, id and method, and where its body begins and ends.
#pragma once

#include <headrace/framing/fault.hpp>
#include <headrace/framing/line_skimmer.hpp>
#include <headrace/framing/structural_index.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::framing {

enum class Kind : std::uint8_t { request, notification, result, error, invalid };

struct Envelope {
  Kind kind = Kind::invalid;
  Fault fault = Fault::none;  ///< Why the kind is invalid.
  bool version_ok = false;    ///< "jsonrpc":"2.0" is there.
  /// Raw JSON, to be echoed byte for byte; empty when absent. It is a number or a string, except
  /// that an error may carry `null`. Also filled for an invalid message when there is exactly one
  /// and it can be read, so that whoever waits for it can be told; the method likewise.
  std::string_view id;
  /// Unescaped.
  std::string_view method;
  /// The raw params, result or error without surrounding space; empty when absent. Well-formed
  /// enough to be put into another message: balanced, commas and colons in their places, valid
  /// UTF-8, no control characters. Not checked: the letters behind a backslash, the spelling of
  /// numbers. NaN, Infinity and -Infinity pass.
  std::string_view body;
  /// Those of the body, until this thread parses the next frame; none when the frame was an
  /// unusually large one, or is invalid.
  Tokens body_tokens;
};

/// Parses frames, one at a time. Not for use by two threads at once; keep one and reuse it. What
/// parsing needs of memory beyond that, some 70 KiB, is each thread's, and its parsers share it.
class EnvelopeParser {
 public:
  /// `text` is a Frame's, or has 64 readable bytes behind it. The views point into `text`, except
  /// for a method that was written with escapes, and for the id and method of an invalid message:
  /// those are valid until the next call. It never fails: what is wrong with the message is in
  /// `kind` and `fault`.
  ///
  /// An error may do without an id, since JSON-RPC answers so what it could not read; a result may
  /// not.
  Envelope parse(std::string_view text) noexcept;

 private:
  bool read_method(std::string_view& text) noexcept;
  Envelope salvage(std::string_view text, Fault fault) noexcept;

  LineSkimmer skimmer_;
  std::string method_;
};

}  // namespace headrace::framing
