// The asking side as a pure machine: numbered questions with deadlines, answers matched by number.
#pragma once

#include <cstdint>
#include <map>
#include <utility>
#include <vector>

#include "gateway/base/clock.h"
#include "gateway/link/link.h"
#include "protocols/central/wire.h"

namespace till::link {

inline constexpr std::size_t kMaxQuestions = 256;  // open at once; a store has some dozen tills

class Asker {
 public:
  // A reply that is due: the machine never calls back by itself.
  struct Due {
    Reply<CustomerInfo> reply;
    Result<CustomerInfo> result;
  };

  // Numbers begin at a random one, so no answer of an earlier life is taken for one of this.
  explicit Asker(Random& random);

  // The message to send. kTooManyRequests when kMaxQuestions are open.
  Result<Buffer> ask(decltype(wire::Ask::body) body, std::int64_t deadline,
                     const Reply<CustomerInfo>& reply);
  // Nothing for what is no answer to an open question (too late, twice).
  std::vector<Due> on_message(Bytes message);
  // Whose deadline has passed: kCentralOffline.
  std::vector<Due> on_timer(std::int64_t now);
  // All that are open: kCentralOffline.
  std::vector<Due> give_up();

  [[nodiscard]] std::int64_t next_timer() const;
  [[nodiscard]] std::size_t open() const { return open_.size(); }

 private:
  struct Question {
    std::int64_t deadline = 0;
    Reply<CustomerInfo> reply;
  };
  std::uint64_t number_ = 0;
  std::map<std::uint64_t, Question> open_;
};

}  // namespace till::link
