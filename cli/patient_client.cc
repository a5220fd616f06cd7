#include "cli/patient_client.h"

#include <algorithm>

#include "protocol/clock.h"

namespace trawl::cli {

Result<std::string> PatientClient::ask(const protocol::ClientRequest& request) {
  constexpr std::size_t kGoneMax = 5;
  static constexpr Duration kGoneSpan = std::chrono::minutes(1);
  while (true) {
    if (client_ == nullptr) {
      const bool submits = std::holds_alternative<protocol::SubmitJob>(request);
      auto connected = Client::connect(
          target_, {submits ? Client::Start::kForJob : Client::Start::kIfAbsent, !gone_.empty()});
      if (!connected) return tl::unexpected(connected.error());
      client_ = std::move(*connected);
    }
    auto answer = client_->ask(request, kAnswerTimeout);
    const bool gone = !answer && answer.error().code == ErrorCode::kUnavailable;
    if (!gone) return answer;
    gone_.push_back(protocol::now());
    std::erase_if(gone_, [](Instant at) { return protocol::now() - at > kGoneSpan; });
    if (gone_.size() >= kGoneMax) return answer;  // it does not only end once: it cannot work
    client_.reset();
  }
}

}  // namespace trawl::cli
