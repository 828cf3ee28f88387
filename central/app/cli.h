// The command line of tillbridge-central: what its files share.
#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <vector>

#include "central/app/report.h"
#include "central/app/server.h"
#include "central/app/session.h"
#include "gateway/base/errors.h"

namespace till::central {

struct Options {
  std::string data, lang, log;
  Endpoints listen;
  std::string allowance_cap = "1000";
  int allowance_hours = 24;
  std::string name, hash_key = "chain", out;
  std::string card_hash, phone_hash, card_type, card_label, points = "0";
  std::string customer, file;
  std::string segment, not_segment, date, referrer, code, type, until;
  std::string into, from, key, new_hash;
  std::string event, seller, store, note;
  bool restore = false;
  bool csv = false;
};

Language language_of(const Options& o);
std::string_view say(const Options& o, std::string_view en, std::string_view ru);
// A field of a row as text, "" when it is not there.
std::string text_of(const boost::json::value& row, std::string_view field);

// A whole list: pages by `key` until one comes back empty.
Result<int> list(const Options& o, boost::json::object request, const std::vector<Column>& columns,
                 std::string_view key,
                 const std::function<std::vector<std::string>(const boost::json::value&)>& values);

using Command = Result<int> (*)(const Options&);

// A leaf of the command line: every one takes --data and --lang.
CLI::App* leaf(CLI::App& parent, const std::string& name, const std::string& about, Options& o,
               Command& chosen, Command command);

// customer_cli.cpp
void build_customers(CLI::App& app, Options& o, Command& chosen);
// event_cli.cpp
void build_events(CLI::App& app, Options& o, Command& chosen);

}  // namespace till::central
