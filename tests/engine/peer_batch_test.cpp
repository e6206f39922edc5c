// What one peer reads and another has to write: both take place in the same turn of the executor.
#include <headrace/engine/fd.hpp>
#include <headrace/engine/peer.hpp>

#include <algorithm>
#include <array>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include <asio/local/stream_protocol.hpp>
#include <gmock/gmock.h>

namespace headrace::engine {
namespace {

using Socket = asio::local::stream_protocol::socket;
using testing::HasSubstr;

Socket socket_of(const Executor& executor, Fd fd) {
  return Socket(executor, asio::local::stream_protocol(), fd.release());
}

void send(const Fd& fd, const std::string& line) {
  ASSERT_EQ(::write(fd.get(), line.data(), line.size()), static_cast<ssize_t>(line.size()));
}

std::string available(const Fd& fd) {
  std::array<char, 4096> data{};
  const ssize_t size = ::recv(fd.get(), data.data(), data.size(), MSG_DONTWAIT);
  return size > 0 ? std::string(data.data(), static_cast<std::size_t>(size)) : std::string();
}

// A relay between a client and a server, of which the test holds the far ends.
struct Relay {
  Relay() {
    auto [left_end, client_end] = make_socket_pair();
    auto [right_end, server_end] = make_socket_pair();
    client = std::move(client_end);
    server = std::move(server_end);
    const Executor executor = context.get_executor();
    right = Peer(executor, socket_of(executor, std::move(right_end)), {}, {});
    PeerHooks hooks;
    hooks.on_request = [this](Responder responder, const Message& message) {
      ++turns;
      Completion done = [this, responder = std::move(responder)](std::error_code error,
                                                                 Answer answer) mutable {
        ++turns;
        if (!error) responder.result(answer.body);
      };
      right.call("ask", message.params, {}, std::move(done));
    };
    left = Peer(executor, socket_of(executor, std::move(left_end)), {}, std::move(hooks));
    left.start();
    right.start();
    context.poll();
  }

  void run_until_turn(int number) {
    while (turns < number)
      context.run_one();
  }

  asio::io_context context;
  Fd client;
  Fd server;
  Peer left;
  Peer right;
  int turns = 0;
};

TEST(PeerBatch, IsPassedOnInTheTurnThatReadIt) {
  Relay relay;
  send(relay.client, R"({"jsonrpc":"2.0","id":7,"method":"any","params":{"a":1}})"
                     "\n");
  relay.run_until_turn(1);
  const std::string asked = available(relay.server);
  EXPECT_THAT(asked, HasSubstr(R"("method":"ask","params":{"a":1}})"));

  send(relay.server, R"({"jsonrpc":"2.0","id":1,"result":{"b":2}})"
                     "\n");
  relay.run_until_turn(2);
  EXPECT_THAT(available(relay.client), HasSubstr(R"("id":7,"result":{"b":2}})"));
}

TEST(PeerBatch, IsPassedOnWhole) {
  Relay relay;
  std::string lines;
  for (int id = 1; id <= 5; ++id) {
    lines +=
        R"({"jsonrpc":"2.0","id":)" + std::to_string(id) + R"(,"method":"any","params":{}})" + "\n";
  }
  send(relay.client, lines);
  relay.run_until_turn(5);
  const std::string asked = available(relay.server);
  EXPECT_EQ(std::count(asked.begin(), asked.end(), '\n'), 5);
}

TEST(PeerBatch, MayEndThePeerThatItWoke) {
  asio::io_context context;
  const Executor executor = context.get_executor();
  auto [left_end, client] = make_socket_pair();
  auto [right_end, server] = make_socket_pair();
  auto right = std::make_unique<Peer>(executor, socket_of(executor, std::move(right_end)),
                                      PeerOptions{}, PeerHooks{});
  right->start();
  std::error_code ended;
  PeerHooks hooks;
  hooks.on_request = [&](Responder responder, const Message& message) {
    Completion done = [&ended, responder = std::move(responder)](std::error_code error,
                                                                 const Answer&) mutable {
      ended = error;
      responder.error(-1, "gone");
    };
    right->call("ask", message.params, {}, std::move(done));
    right.reset();
  };
  Peer left(executor, socket_of(executor, std::move(left_end)), {}, std::move(hooks));
  left.start();
  send(client, R"({"jsonrpc":"2.0","id":7,"method":"any","params":{}})"
               "\n");
  while (!ended)
    context.run_one();
  EXPECT_EQ(ended, Errc::shutting_down);
  EXPECT_EQ(available(server), "");
  EXPECT_THAT(available(client), HasSubstr("gone"));
}

}  // namespace
}  // namespace headrace::engine
