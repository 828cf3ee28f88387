// An account worked through step by step from JSON, for `tillbridge program account` and tests.
#pragma once

#include <boost/json.hpp>

#include "sdk/cpp/base/result.h"

namespace till::loyalty {

// {"opening"?, "time"?, "purse"?: {"activation_days", "expires_days", "expires_end_of"}, "steps": [
//   {"op": "credit", "key", "amount"}, {"op": "hold", "id", "amount", "timeout_s"?},
//   {"op": "post", "id", "amount"?}, {"op": "release", "id"},
//   {"op": "fact", "key", "amount", "hold"?}, {"op": "advance", "seconds"? | "days"?},
//   {"op": "give_back", "key", "posting", "amount", "grace_days"?},
//   {"op": "take_back", "key", "credit", "amount", "if_spent"?: owe | withhold | forgive}]}
// Amounts are those of the purse, as text or whole numbers. Gives one object a step: what it
// answered ("ok", or the error's code, `detail` and `text` in en and ru) and how the account stands
// then.
Result<boost::json::object> run_account(const boost::json::value& value);

}  // namespace till::loyalty
