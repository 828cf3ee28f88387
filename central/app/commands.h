// Management commands: JSON in, JSON out; the same code inside the daemon (through its socket) and
// beside a folder that no daemon uses.
#pragma once

#include <boost/json.hpp>

#include "central/app/files.h"
#include "central/intake/central.h"
#include "gateway/base/json.h"

namespace till::central {

// One command as it travels: a program with all its quotes escaped is the longest.
inline constexpr std::size_t kMaxLine = 2 * till::limits::kMaxProgramBytes;

class Commands {
 public:
  Commands(Central& central, std::string server_key, Endpoints endpoints)
      : central_(central), server_key_(std::move(server_key)), endpoints_(std::move(endpoints)) {}

  // {"command": NAME, …}; one transaction. kNotFound for an unknown command, kUnknownField for a
  // field it does not take.
  Result<boost::json::value> execute(const boost::json::value& request);
  // {"ok":true,"result":…} or {"ok":false,"code":…,"detail":…} for one line.
  std::string execute_line(std::string_view line);

 private:
  Result<boost::json::value> dispatch(const std::string& command, JsonObject& in);
  Result<boost::json::value> store_add(JsonObject& in);
  Result<boost::json::value> store_list();
  Result<boost::json::value> customers_add(JsonObject& in);
  Result<boost::json::value> customers_list(JsonObject& in);
  Result<boost::json::value> customers_types();
  Result<boost::json::value> balance(JsonObject& in);
  Result<boost::json::value> purchases(JsonObject& in);
  // customer_commands.cpp
  Result<boost::json::value> customers_set(JsonObject& in);
  Result<boost::json::value> customers_add_card(JsonObject& in);
  Result<boost::json::value> customers_activate(JsonObject& in);
  Result<boost::json::value> customers_block(JsonObject& in);
  Result<boost::json::value> customers_replace_card(JsonObject& in);
  Result<boost::json::value> customers_merge(JsonObject& in);
  Result<boost::json::value> coupons_add(JsonObject& in);
  Result<boost::json::value> coupons_list(JsonObject& in);
  Result<boost::json::value> coupons_void(JsonObject& in);
  Result<boost::json::value> events_add(JsonObject& in);
  Result<boost::json::value> events_list(JsonObject& in);
  Result<boost::json::value> alarms();
  Result<boost::json::value> prove();
  Result<boost::json::value> program_trust(JsonObject& in);
  std::vector<std::string> program_keys();
  Result<boost::json::value> program_set(JsonObject& in);

  Central& central_;
  std::string server_key_;
  Endpoints endpoints_;
};

// The answer's result, or its error.
Result<boost::json::value> parse_answer(std::string_view line);

}  // namespace till::central
