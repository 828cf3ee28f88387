// Command 77h: the electronic journal as paper lines and as structured records.
#include <fmt/core.h>

#include "sim/base/codepage.h"
#include "sim/datecs/device.h"

namespace till::sim::datecs {
namespace {

constexpr uint32_t kMostDocuments = 1000;  // read at once

std::string cp1251(const std::string& utf8) {
  const Bytes bytes = encode(Codepage::kCp1251, utf8);
  return {bytes.begin(), bytes.end()};
}

void put_receipt(const Document& d, std::vector<std::string>& out) {
  static constexpr const char* kRates[] = {"0.00", "20.00", "20.00", "9.00"};
  const int type = d.kind == Kind::kSale ? 0 : d.kind == Kind::kReturn ? 2 : 4;
  out.push_back(fmt::format("U,{},{},{},{},{}", d.unp, d.op, d.till, type, d.number));
  out.emplace_back("V,1,2,0.00,20.00,20.00,9.00,0.00,0.00,0.00,0.00");
  for (const Item& i : d.items) {
    const int group = i.group - 'A';
    out.push_back(fmt::format("R,{},{},{},{}.{:03},0.00,{},{}", group + 1, kRates[group & 3],
                              money_text(i.price), i.quantity / 1000, i.quantity % 1000,
                              money_text(i.sum), cp1251(i.name)));
  }
  std::string sums =
      fmt::format("T,0,0.00,0,0.00,0,0.00,{},{}", d.items.size(), money_text(d.total));
  for (const int64_t sum : d.groups()) sums += "," + money_text(sum);
  out.push_back(sums);
  int64_t cash = 0, other = 0;
  for (const Payment& p : d.payments) (p.mode == 'P' ? cash : other) += p.amount;
  out.push_back(fmt::format("P,{},0.00,{},0.00", money_text(cash), money_text(other)));
  if (d.undone) {
    out.push_back(fmt::format("S,1,{},{},{},{},0", d.undone->document,
                              moment_text(d.undone->seconds, true), d.undone->fm, d.undone->unp));
  }
  const std::string at = moment_text(d.seconds, true);
  out.push_back(fmt::format("D,{},{}", at, at));
}

void put_records(const Document& d, std::vector<std::string>& out) {
  const size_t before = out.size();
  switch (d.kind) {
    case Kind::kSale:
    case Kind::kReturn:
    case Kind::kCancelled:
      put_receipt(d, out);
      break;
    case Kind::kZ:
      out.push_back(fmt::format("Z,{},{},0,{},{},0.00,0.00", d.z, d.number,
                                moment_text(d.seconds, true), money_text(d.total)));
      break;
    case Kind::kCash:
      out.push_back(fmt::format("Q,{},{},{},0.00", d.number, moment_text(d.seconds, true),
                                money_text(d.total)));
      break;
    default:
      break;
  }
  if (out.size() > before) out.emplace_back("*,");
}

}  // namespace

Device::Outcome Device::next_line() {
  return good(reading_at_ < reading_.size() ? reading_[reading_at_++] : "F");
}

Device::Outcome Device::journal(const Call& call) {
  if (call.data == "N" || call.data == "w") return next_line();
  if (call.data == "I" || call.data == "IX") {
    return good(fmt::format("P,2000000000,{},1,{},1,{}", last_number_ * 1000, z_, last_number_));
  }
  const auto fields = split(call.data, ',');
  const bool paper = fields[0] == "R", records = fields[0] == "W";
  const auto first = fields.size() > 1 ? whole_number(fields[1], 7) : std::nullopt;
  const auto end = fields.size() > 2 ? whole_number(fields[2], 7) : first;
  if ((!paper && !records) || !first || !end || fields.size() > 3) return fail(err::kSyntax);
  if (paper && !options_.journal_shows_paper) return fail(err::kNoJournalData);
  reading_.clear();
  reading_at_ = 0;
  for (int64_t n = *first; n <= std::min<int64_t>(*end, *first + kMostDocuments); ++n) {
    const Document* d = memory_.find(fm_, static_cast<uint32_t>(n));
    if (d == nullptr) break;
    if (records) {
      put_records(*d, reading_);
      continue;
    }
    for (const std::string& line : d->paper) reading_.push_back("P," + cp1251(line));
    reading_.emplace_back("*,");
  }
  return next_line();
}

}  // namespace till::sim::datecs
