// tests/unit/worker/web_server.h: an HTTP server of one file, on a port of its own, that counts
// what it is asked.
#pragma once

#include <atomic>
#include <functional>
#include <httplib.h>
#include <string>
#include <thread>

namespace trawl::worker {

class WebServer {
 public:
  using Handler = std::function<void(const httplib::Request&, httplib::Response&)>;

  /// Answers every GET with `handler`, several at once.
  explicit WebServer(Handler handler) {
    server_.Get(".*", [this, handler = std::move(handler)](const auto& request, auto& response) {
      ++count_;
      handler(request, response);
    });
    port_ = server_.bind_to_any_port("127.0.0.1");
    thread_ = std::jthread([this] { server_.listen_after_bind(); });
  }
  ~WebServer() { server_.stop(); }

  std::string url(const std::string& path) const {
    return "http://127.0.0.1:" + std::to_string(port_) + path;
  }
  int count() const { return count_; }

 private:
  httplib::Server server_;
  std::atomic<int> count_ = 0;
  int port_ = 0;
  std::jthread thread_;
};

}  // namespace trawl::worker
