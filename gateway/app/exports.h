// Hands the store's outbound stream to exporter plugins: every entry that is on the disk, in order
// and at least once, wherever one of them stands. None of them holds up a sale or another exporter.
#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "gateway/base/metrics.h"
#include "gateway/journal/journal.h"
#include "protocols/plugin_ipc/plugin_ipc.h"

namespace till::app {

class Exports {
 public:
  // The journal's side. A position is the first sequence an exporter has not taken, 0 = it is new.
  // `first` is the first one that is kept, last() + 1 where none is.
  struct Stream {
    std::function<std::vector<journal::Entry>(std::uint64_t from, std::size_t most)> read;
    std::function<std::uint64_t()> first, last;
    std::function<std::uint64_t(const std::string& exporter)> position;
    std::function<void(const std::string& exporter, std::uint64_t position)> keep;
  };
  struct Exporter {
    std::function<bool()> online;
    // export.write; ends later, once.
    std::function<void(const std::string& key, const boost::json::value& batch,
                       std::function<void(const ipc::Outcome&)>)>
        write;
  };
  using After = std::function<void(std::int64_t us, std::function<void()>)>;

  Exports(Stream stream, After after, Metrics& metrics)
      : stream_(std::move(stream)), after_(std::move(after)), metrics_(metrics) {}

  void add(const std::string& id, Exporter exporter);
  // There are new entries or fewer old ones, or an exporter is there again: whoever is idle goes
  // on.
  void look();
  // The first entry somebody has still to take; the journal keeps it. For who is further behind
  // than limits::kMaxExportBehind it is kept no longer.
  [[nodiscard]] std::uint64_t wanted() const;
  // kExportLost while an exporter whose entries were not kept has taken none since.
  [[nodiscard]] std::optional<Error> lost(const std::string& exporter) const;

 private:
  struct State {
    Exporter exporter;
    std::uint64_t next = 0;
    std::optional<Error> lost;
    std::uint64_t counted = 0;  // entries before this one are counted as lost
    bool busy = false;          // a batch is with it, or it is given a rest
    std::int64_t rest_us = 0;   // after the next failure
    std::string failing;        // as it was logged
  };
  void go_on(const std::string& id, State& state);
  void miss(const std::string& id, State& state);
  void answered(const std::string& id, State& state, std::uint64_t first, std::size_t count,
                const ipc::Outcome& outcome);
  void failed(const std::string& id, State& state, const Error& error);

  Stream stream_;
  After after_;
  Metrics& metrics_;
  std::map<std::string, State> states_;
};

// One entry as an exporter gets it; docs/users/plugins.md names the members.
boost::json::object export_record(const journal::Entry& entry);

}  // namespace till::app
