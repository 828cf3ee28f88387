// Takes in the stores' streams: each in sequence, its chain checked, the position stored in the
// transaction of the effect. Nothing is merged silently: a gap, a fork and a broken chain are
// named.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "central/ledger/facts.h"
#include "gateway/base/metrics.h"
#include "protocols/central/wire.h"

namespace till::central {

class Intake {
 public:
  // A message for one connection.
  struct Outgoing {
    std::string peer;
    Buffer message;
  };

  Intake(Database& db, Facts& facts, Clock& clock, Metrics& metrics);

  // `peer` names the connection, `store` is who it proved to be. Inside a transaction.
  void take(const std::string& peer, const StoreId& store, Bytes message);
  // Writes the positions: the last thing in the transaction.
  void finish();
  // What to send; only once the transaction is on disk.
  std::vector<Outgoing> replies();

 private:
  struct Stream {
    Store store;
    std::uint64_t epoch = 0;
    std::uint64_t sequence = 0;
    Buffer hash;
    Code stopped{};  // why it takes no entries any more
    bool dirty = false;
  };
  struct Session {
    StoreId store;
    std::uint64_t epoch = 0;
  };

  void hello(const std::string& peer, const StoreId& store, const wire::Hello& hello);
  void entry(const std::string& peer, const StoreId& store, const wire::Entry& entry);
  void again(const std::string& peer, Stream& stream, const wire::Entry& entry);
  void next(const std::string& peer, Stream& stream, const wire::Entry& entry);
  Result<void> apply(const Stream& stream, const wire::Entry& entry);
  void set_aside(const std::string& peer, const Stream& stream, const wire::Entry& entry,
                 const Error& why);
  void stop(const std::string& peer, Stream& stream, std::uint64_t sequence, Code code,
            const std::string& detail);
  void trouble(const std::string& peer, std::uint64_t sequence, Code code, std::string detail);
  void alarm(const StoreId& store, Code code, std::string_view subject, std::string_view detail);
  Stream* stream(const StoreId& store);

  Database& db_;
  Facts& facts_;
  Clock& clock_;
  Metrics& metrics_;
  Buffer incarnation_;
  std::map<StoreId, Stream> streams_;
  std::map<std::string, Session> sessions_;
  std::map<std::string, StoreId> due_;  // connections that get a position
  std::set<std::string> gaps_;          // those that were told of a gap in this batch
  std::vector<Outgoing> outgoing_;
};

}  // namespace till::central
