// What can be wrong with a message.
#include <headrace/framing/fault.hpp>

namespace headrace::framing {

const char* describe(Fault fault) noexcept {
  switch (fault) {
    case Fault::none:
      return "nothing is wrong with it";
    case Fault::not_json:
      return "it is not valid JSON in UTF-8";
    case Fault::not_object:
      return "it is not a JSON object";
    case Fault::batch:
      return "it is a JSON-RPC batch, which MCP does not have: send each message on its own line";
    case Fault::escaped_key:
      return "one of its keys is written with escapes";
    case Fault::repeated_key:
      return "one of its keys is there twice";
    case Fault::bad_id:
      return "its id is missing, or neither a number nor a string";
    case Fault::bad_method:
      return "its method is not a string";
    case Fault::ambiguous:
      return "it has more than one of method, result and error";
    case Fault::no_kind:
      return "it has no method, no result and no error";
    case Fault::too_deep:
      return "it is nested deeper than 1024 levels";
    case Fault::too_large:
      return "it is larger than can be parsed";
  }
  return "it has an unknown fault";
}

}  // namespace headrace::framing
