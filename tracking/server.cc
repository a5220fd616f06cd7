// tracking/server.cc: HTTP requests to sessions and back. cpp-httplib reads requests and writes
// answers; accepting and waiting is the listener's, because cpp-httplib's own loop holds a thread
// for every idle connection, wakes it a hundred times a second, and leaks its sockets into child
// processes.
//
// This is the file that wraps cpp-httplib: what a library throws in a handler becomes a 500 here.
#include "tracking/server.h"

#include <exception>
#include <httplib.h>
#include <optional>

#include "tracking/file_answer.h"
#include "tracking/foreign_request.h"
#include "tracking/listener.h"
#include "tracking/session_table.h"

namespace trawl::tracking {
namespace {

constexpr std::string_view kPrefix = "/t/";

struct Target {
  std::string trial;  // empty: the root
  std::string path;   // behind the prefix, decoded
  std::string query;  // still encoded
};

Target parse_target(std::string_view target) {
  const std::size_t question = std::min(target.find('?'), target.size());
  Target result;
  result.query = target.substr(std::min(question + 1, target.size()));
  std::string_view path = target.substr(0, question);
  if (path.starts_with(kPrefix)) {
    path.remove_prefix(kPrefix.size());
    const std::size_t end = std::min(path.find('/'), path.size());
    result.trial = path.substr(0, end);
    path.remove_prefix(end);
  }
  result.path = percent_decoded(path);
  return result;
}

void write(const httplib::Request& request, Response answer, httplib::Response& response) {
  if (answer.file) {
    if (answer_with_file(*answer.file, request.get_header_value("Range"), response)) return;
    answer = to_response(resource_missing("The artifact is gone."));
  }
  response.status = answer.status;
  for (const auto& [name, value] : answer.headers) response.set_header(name, value);
  response.body = std::move(answer.body);
  response.set_header("Content-Type", answer.content_type);
}

}  // namespace

/// cpp-httplib as the parser of one request and the writer of its answer. All that routing does is
/// tell apart methods with and without a body.
class Server::Shell : private httplib::Server {
 public:
  Shell(const ServerSettings& settings, std::unique_ptr<Session> root)
      : settings_(settings), root_(std::move(root)) {
    svr_sock_ = 0;  // the library stops streaming a file while it believes itself stopped
    const auto plain = [this](const httplib::Request& request, httplib::Response& response) {
      respond(request, response, nullptr);
    };
    const auto with_body = [this](const httplib::Request& request, httplib::Response& response,
                                  const httplib::ContentReader& reader) {
      respond(request, response, &reader);
    };
    Get("/", plain);
    Post("/", with_body);
    Put("/", with_body);
    Patch("/", with_body);
    Delete("/", with_body);
    set_exception_handler([](const httplib::Request& request, httplib::Response& response,
                             const std::exception_ptr& thrown) {
      write(request, to_response(Refusal{500, "INTERNAL_ERROR", text_of(thrown)}), response);
    });
    set_keep_alive_timeout(3600);  // what the answer's header promises; the listener has no limit
    set_keep_alive_max_count(1'000'000);
  }

  Result<void> listen() {
    auto opened = Listener::open(settings_, [this](Connection& each) { return serve(each); });
    if (!opened) return tl::unexpected<Error>(std::move(opened.error()));
    listener_ = *std::move(opened);
    return {};
  }

  int port() const { return listener_->port(); }
  SessionTable& sessions() { return sessions_; }

 private:
  static std::string text_of(const std::exception_ptr& thrown) {
    try {
      std::rethrow_exception(thrown);
    } catch (const std::exception& error) {
      return error.what();
    }
  }

  bool serve(Connection& connection) {
    bool is_last = false;
    const bool served = process_request(connection, false, is_last, [](httplib::Request& request) {
      request.path.assign(1, '/');  // the target is routed by its session, not by expressions
      request.ranges.clear();       // file_answer.h
      request.headers.erase("Accept-Encoding");  // compressing for loopback wastes the trial's CPU
    });
    return connection.flush() && served && !is_last && !connection.has_ended();
  }

  void respond(const httplib::Request& request, httplib::Response& response,
               const httplib::ContentReader* reader) {
    const Target target = parse_target(request.target);
    const SessionTable::Use use(sessions_, target.trial);
    Session* session = target.trial.empty() ? root_.get() : use.session();
    if (const auto why = refusal_of(request, target, session)) {
      if (reader != nullptr) (*reader)([](const char*, std::size_t) { return true; });
      write(request, *why, response);
    } else if (request.method == "PUT") {
      write(request, upload(*session, target.path, *reader), response);
    } else {
      answer(
          *session,
          {request.method, target.path, target.query, request.get_header_value("Content-Type"), ""},
          {request, response, reader});
    }
  }

  std::optional<Response> refusal_of(const httplib::Request& request, const Target& target,
                                     const Session* session) const {
    if (session == nullptr) return to_response(endpoint_missing(request.target));
    if (session == root_.get()) {
      auto foreign = refuse_foreign({request.method, target.path, request.get_header_value("Host"),
                                     request.get_header_value("Origin")},
                                    settings_.allowed_hosts);
      if (foreign) return foreign;
    }
    if (session->admits(request.get_header_value("Authorization"))) return std::nullopt;
    return to_response(unauthenticated());
  }

  struct Exchange {
    const httplib::Request& request;
    httplib::Response& response;
    const httplib::ContentReader* reader;
  };

  void answer(Session& session, Request asked, const Exchange& exchange) {
    if (asked.method == "HEAD") asked.method = "GET";
    bool is_too_long = false;
    const bool is_whole =
        exchange.reader == nullptr || (*exchange.reader)([&](const char* data, std::size_t size) {
          is_too_long = is_too_long || asked.body.size() + size > settings_.json_bytes_max;
          if (!is_too_long) asked.body.append(data, size);
          return true;
        });
    if (!is_whole) return;  // the client has gone
    if (is_too_long) {
      const auto why = invalid_parameter("The request body is longer than " +
                                         std::to_string(settings_.json_bytes_max) + " bytes.");
      return write(exchange.request, to_response(why), exchange.response);
    }
    write(exchange.request, session.handle(asked), exchange.response);
  }

  static Response upload(Session& session, const std::string& path,
                         const httplib::ContentReader& reader) {
    auto upload = session.begin_upload(path);
    // What is refused is read all the same, so that the client sees the answer and not a reset.
    const bool is_whole = reader([&](const char* data, std::size_t size) {
      if (upload) upload->write(data, size);
      return true;
    });
    if (!is_whole) return to_response(invalid_parameter("The upload broke off."));
    if (!upload) return to_response(upload.error());
    const auto finished = upload->finish();
    if (!finished) return to_response(finished.error());
    return Response{};
  }

  const ServerSettings settings_;
  const std::unique_ptr<Session> root_;
  SessionTable sessions_;
  std::unique_ptr<Listener> listener_;  // last: it ends first, and its threads use the rest
};

Result<std::unique_ptr<Server>> Server::start(ServerSettings settings,
                                              std::unique_ptr<Session> root) {
  auto server = std::make_unique<Server>(std::move(settings), std::move(root));
  if (auto serving = server->serve(); !serving) {
    return tl::unexpected<Error>(std::move(serving.error()));
  }
  return server;
}

Server::Server(ServerSettings settings, std::unique_ptr<Session> root)
    : shell_(std::make_unique<Shell>(settings, std::move(root))) {}

Result<void> Server::serve() {
  return shell_->listen();
}

Server::~Server() = default;

int Server::port() const {
  return shell_->port();
}

Result<void> Server::add_session(TrialSettings settings) {
  return shell_->sessions().add(std::move(settings));
}

void Server::remove_session(std::string_view trial) {
  shell_->sessions().remove(trial);
}

}  // namespace trawl::tracking
