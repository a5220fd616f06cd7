// tracking/connection.h: one accepted socket as the byte stream that cpp-httplib reads requests
// from and writes answers to. Output is gathered, so that an answer leaves in one packet; input is
// read ahead in blocks. Both buffers exist only while requests are being served.
#pragma once

#include <chrono>
#include <httplib.h>
#include <string>

namespace trawl::tracking {

/// One thread at a time.
class Connection : public httplib::Stream {
 public:
  /// Takes the socket.
  explicit Connection(int descriptor) : descriptor_(descriptor) {}
  ~Connection() override;

  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  /// Sends what was written. False when the peer is gone or does not read.
  bool flush();

  /// True when a request's first byte is there, or arrives within `patience`.
  bool has_input(std::chrono::milliseconds patience) const;

  /// True after the peer closed, an error, or a timeout: no further request can come.
  bool has_ended() const { return has_ended_; }

  /// Gives the buffers back until the next request.
  void release_buffers();

  int descriptor() const { return descriptor_; }

  bool is_readable() const override;
  bool is_writable() const override { return !has_ended_; }
  ssize_t read(char* data, size_t size) override;
  ssize_t write(const char* data, size_t size) override;
  void get_remote_ip_and_port(std::string& ip, int& port) const override;
  void get_local_ip_and_port(std::string& ip, int& port) const override;
  socket_t socket() const override { return descriptor_; }

 private:
  bool fill();

  int descriptor_;
  bool has_ended_ = false;
  std::string input_;
  std::size_t input_used_ = 0;
  std::string output_;
};

}  // namespace trawl::tracking
