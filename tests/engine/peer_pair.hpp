// Two peers that talk to each other over real descriptors.
#pragma once

#include <headrace/engine/fd.hpp>
#include <headrace/engine/peer.hpp>

#include <string>
#include <utility>
#include <vector>

#include <asio/local/stream_protocol.hpp>
#include <asio/posix/stream_descriptor.hpp>

namespace headrace::engine::test {

/// The far peer answers `echo` with its params, refuses `refuse`, keeps `hold` for the test and
/// remembers what it was told.
class PeerPair {
 public:
  using Socket = asio::local::stream_protocol::socket;

  /// Over a socket pair, or over two pipes.
  PeerPair(Executor executor, bool sockets) {
    PeerHooks far_hooks;
    far_hooks.on_request = [this](Responder responder, const Message& message) {
      const std::string params(message.params);
      if (message.method == "echo") {
        responder.result(std::string_view(params));
      } else if (message.method == "refuse") {
        responder.error(-7, "refused");
      } else {
        held.push_back(std::move(responder));
      }
    };
    far_hooks.on_notification = [this](const Message& message) {
      told.push_back(std::string(message.method) + std::string(message.params));
    };
    far_hooks.on_end = [this](std::error_code) { far_ended = true; };
    PeerHooks near_hooks;
    near_hooks.on_end = [this](std::error_code) { near_ended = true; };
    if (sockets) {
      auto [one, other] = make_socket_pair();
      const asio::local::stream_protocol protocol;
      near = Peer(executor, Socket(executor, protocol, one.release()), {}, std::move(near_hooks));
      far = Peer(executor, Socket(executor, protocol, other.release()), {}, std::move(far_hooks));
    } else {
      using Descriptor = asio::posix::stream_descriptor;
      Pipe there = make_pipe();
      Pipe back = make_pipe();
      near = Peer(executor, Descriptor(executor, back.read.release()),
                  Descriptor(executor, there.write.release()), {}, std::move(near_hooks));
      far = Peer(executor, Descriptor(executor, there.read.release()),
                 Descriptor(executor, back.write.release()), {}, std::move(far_hooks));
    }
    near.start();
    far.start();
  }

  std::vector<Responder> held;
  std::vector<std::string> told;
  bool near_ended = false;
  bool far_ended = false;
  Peer near;
  Peer far;
};

}  // namespace headrace::engine::test
