#include "session.h"

#include <unistd.h>

#include <cstring>
#include <set>

#include "central/app/report.h"

namespace till::central {

Result<boost::json::value> Session::operator()(const boost::json::object& request) {
  if (!central_) {
    auto line = ask_daemon(folder_, boost::json::serialize(request));
    if (!line) return std::unexpected(line.error());
    if (*line) return parse_answer(**line);
    static const std::set<std::string_view> kBegin = {"store.add", "customers.add", "program.set",
                                                      "program.trust"};
    if (!kBegin.contains(request.at("command").as_string()) &&
        ::access((folder_ + "/central.db").c_str(), F_OK) != 0) {
      return fail(Code::kBadFile, folder_ + "/central.db: " + std::strerror(errno));
    }
    TILL_CHECK(open());
  }
  try {
    return commands_->execute(request);
  } catch (const DatabaseFailure& failure) {
    return fail(Code::kJournalFailed, failure.what());
  }
}

Result<void> Session::open() {
  lock_ = TILL_TRY(lock_folder(folder_));
  const auto keys = TILL_TRY(server_keys(folder_));
  try {
    central_ = std::make_unique<Central>(folder_ + "/central.db", clock_, random_);
  } catch (const DatabaseFailure& failure) {
    return fail(Code::kJournalFailed, failure.what());
  }
  commands_ = std::make_unique<Commands>(*central_, keys.public_key, read_endpoints(folder_));
  return {};
}

}  // namespace till::central
