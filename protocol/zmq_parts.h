// protocol/zmq_parts.h: what the files around ZeroMQ's sockets share. Internal to protocol.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "protocol/keys.h"

namespace trawl::protocol::zmq {

/// One of a socket's own: its I/O thread, and what `inproc` names mean.
struct Context {
  Context();
  ~Context();
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;
  void* handle;
};

void set(void* socket, int option, int value);
void set(void* socket, int option, const std::string& text);

/// Bounds and times that hold on both sides. No ZMTP heartbeats: ours, above, also see a process
/// that hangs, which those do not.
void prepare(void* socket, std::int64_t message_bytes_max);

/// For TCP: IPv6 too, and a dead host is noticed within 60 s, whether something is sent or not.
/// Before that, a cut costs no more than the wait.
void prepare_tcp(void* socket);

/// The host of a peer as people write it: an IPv4 address also where the socket serves both.
std::string plain_host(std::string_view host);

/// All parts of one message, or none.
std::vector<std::string> receive_message(void* socket);

}  // namespace trawl::protocol::zmq
