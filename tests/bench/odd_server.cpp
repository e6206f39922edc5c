// An MCP server that does one thing which servers should not do, but do: named by its first
// argument; the second is a number whose meaning depends on it.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <string>
#include <string_view>
#include <thread>
#include <unistd.h>
#include <vector>

namespace {

std::string id_of(const std::string& line) {
  const std::size_t at = line.find("\"id\":");
  if (at == std::string::npos) return {};
  return line.substr(at + 5, line.find_first_of(",}", at) - at - 5);
}

// About 200 bytes.
std::string answer_to(const std::string& id) {
  return R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"content":[{"type":"text","text":")" +
         std::string(108, 'x') + R"("}],"isError":false}})";
}

void say(const std::string& line) {
  std::cout << line << '\n' << std::flush;
}

class Server {
 public:
  Server(std::string how, long number) : how_(std::move(how)), number_(number) {}

  // False when it is to end.
  bool call(const std::string& id) {
    ++calls_;
    if (how_ == "reverse") {
      waiting_.push_back(id);
      if (static_cast<long>(waiting_.size()) < number_) return true;
      for (; !waiting_.empty(); waiting_.pop_back())
        say(answer_to(waiting_.back()));
    } else if (how_ == "stall") {
      if (calls_ == 11) std::this_thread::sleep_for(std::chrono::milliseconds(number_));
      say(answer_to(id));
    } else if (how_ == "die") {
      if (calls_ > number_) {
        std::cerr << "that was too much for me\n";
        return false;
      }
      say(answer_to(id));
    } else if (how_ == "refuse") {
      say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"error":{"code":-1,"message":"no such tool"}})");
    } else if (how_ == "fail") {
      say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"content":[{"type":"text","text":")" +
          std::string(120, 'x') + R"("}], "isError": true}})");
    } else if (how_ == "short") {
      say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{}})");
    } else if (how_ == "twice") {
      say(answer_to(id));
      say(answer_to(id));
    } else if (how_ == "ask") {
      say(R"({"jsonrpc":"2.0","id":77,"method":"roots/list"})");
    } else if (how_ == "chatter") {
      say(R"({"jsonrpc":"2.0","method":"notifications/message","params":{"data":"x"}})");
      say("");
      say("no JSON at all");
      say(answer_to(id));
    } else if (how_ == "turned") {
      say(R"({"result":{"content":[{"type":"text","text":")" + std::string(110, 'x') +
          R"("}]},"jsonrpc":"2.0","id":)" + id + "}");
    } else if (how_ != "silent") {
      say(answer_to(id));
    }
    return true;
  }

 private:
  std::string how_;
  long number_;
  long calls_ = 0;
  std::vector<std::string> waiting_;
};

// A child that lives on without any of our descriptors; it says that it is there.
void leave_a_child() {
  int up[2];
  if (::pipe(up) != 0) std::exit(EXIT_FAILURE);
  if (::fork() == 0) {
    ::close(STDIN_FILENO);
    ::close(STDOUT_FILENO);
    ::setsid();
    const bool told = ::write(up[1], "x", 1) == 1;
    ::sleep(told ? 600 : 0);
    ::_exit(0);
  }
  char byte = 0;
  if (::read(up[0], &byte, 1) != 1) std::exit(EXIT_FAILURE);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string how = argc > 1 ? argv[1] : "";
  Server server(how, argc > 2 ? std::strtol(argv[2], nullptr, 10) : 0);
  if (how == "orphan") leave_a_child();
  if (how == "at once") return 3;
  std::string line;
  while (std::getline(std::cin, line)) {
    const std::string id = id_of(line);
    if (id.empty()) continue;
    if (line.find("\"tools/call\"") != std::string::npos) {
      if (!server.call(id)) return 4;
    } else {
      say(R"({"jsonrpc":"2.0","id":)" + id + R"(,"result":{"protocolVersion":"2025-06-18"}})");
    }
  }
  if (how == "stubborn") ::sleep(600);
  return EXIT_SUCCESS;
}
