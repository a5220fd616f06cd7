#include "cli/patient_client.h"

namespace trawl::cli {

Result<std::string> PatientClient::ask(const protocol::ClientRequest& request) {
  constexpr int kAsksMax = 5;
  for (int asks = 1;; ++asks) {
    if (client_ == nullptr) {
      auto connected = Client::connect(home_, true);
      if (!connected) return tl::unexpected(connected.error());
      client_ = std::move(*connected);
    }
    auto answer = client_->ask(request, kAnswerTimeout);
    const bool gone = !answer && answer.error().code == ErrorCode::kUnavailable;
    if (!gone || asks == kAsksMax) return answer;
    client_.reset();
  }
}

}  // namespace trawl::cli
