// What a user of the libraries writes: takes a stream apart and says what its messages are.
#include <headrace/framing/envelope.hpp>
#include <headrace/framing/line_splitter.hpp>

#include <algorithm>
#include <iostream>
#include <string_view>

namespace framing = headrace::framing;

int main() {
  constexpr std::string_view input = "{\"jsonrpc\":\"2.0\",\"id\":7,\"method\":\"tools/list\"}\n\n";
  framing::LineSplitter splitter;
  std::ranges::copy(input, splitter.prepare().begin());
  splitter.commit(input.size());

  framing::EnvelopeParser parser;
  framing::Frame frame;
  while (splitter.next(frame) == framing::LineSplitter::Next::frame) {
    const framing::Envelope message = parser.parse(frame.text);
    std::cout << "id " << message.id << " method " << message.method << '\n';
  }
}
