// Reports, money, the clock, the printer itself.
#include <fmt/core.h>

#include <algorithm>
#include <cstdio>

#include "sim/base/civil.h"
#include "sim/base/codepage.h"
#include "sim/datecs/device.h"

namespace till::sim::datecs {
namespace {

constexpr size_t kMaxServiceLines = 1000;

bool sold(const Document& d) { return d.kind == Kind::kSale || d.kind == Kind::kReturn; }

// Sales less returns, by group.
std::array<int64_t, 8> sums_of(const std::vector<const Document*>& documents) {
  std::array<int64_t, 8> sums{};
  for (const Document* d : documents) {
    if (!sold(*d)) continue;
    const auto groups = d->groups();
    for (size_t i = 0; i < sums.size(); ++i) {
      sums[i] += d->kind == Kind::kReturn ? -groups[i] : groups[i];
    }
  }
  return sums;
}

std::string joined(const std::array<int64_t, 8>& sums) {
  std::string text;
  for (const int64_t sum : sums) text += fmt::format(",{:+012}", sum);
  return text;
}

}  // namespace

Device::Outcome Device::last_error(const Call& call) {
  const std::string data = fmt::format(
      "{},{},{},{}", last_error_command_, last_error_ == 0 ? 0 : -150000 - last_error_,
      moment_text(last_error_at_, false), last_error_ == 0 ? "" : error_text(last_error_));
  if (call.data == "CLEAR") last_error_ = 0;
  return good(data);
}

Device::Outcome Device::open_service(const Call& call) {
  if (open_ || service_) return fail(err::kReceiptOpen);
  service_.emplace();
  feed_.add_lines(call.now, 0);
  return good(fmt::format("{:04}", day().size() + 1));
}

Device::Outcome Device::service_text(const Call& call) {
  if (!service_) return fail(err::kNoReceipt);
  if (service_->size() >= kMaxServiceLines) return fail(err::kNotPermitted);
  service_->push_back(decode(Codepage::kCp1251, view_of(call.data)));
  return good();
}

Device::Outcome Device::close_service(const Call& call) {
  if (!service_) return fail(err::kNoReceipt);
  Document d{.kind = Kind::kService, .paper = std::move(*service_)};
  service_.reset();
  if (!keep(call.now, std::move(d))) return fail(err::kJournal);
  return good(fmt::format("{:04}", day().size()));
}

Device::Outcome Device::set_clock(const Call& call) {
  Civil t;
  char end = 0;
  const int read = std::sscanf(call.data.c_str(),  // NOLINT: the range is checked below
                               "%2d-%2d-%2d %2d:%2d:%2d%c", &t.day, &t.month, &t.year, &t.hour,
                               &t.minute, &t.second, &end);
  if (read != 5 && read != 6) return fail(err::kSyntax);
  t.year += 2000;
  const auto wanted = seconds_of(t);
  if (!wanted) return fail(err::kSyntax);
  if (*wanted < last()->seconds) return fail(err::kBeforeLastDocument);
  clock_offset_ = *wanted - call.now / 1000;
  return good();
}

Device::Outcome Device::clock(const Call& call) {
  return good(moment_text(seconds(call.now), false));
}

Device::Outcome Device::last_record(const Call&) {
  const auto& all = memory_.documents();
  const auto z = std::find_if(all.rbegin(), all.rend(), [this](const Document& d) {
    return d.fm == fm_ && d.kind == Kind::kZ;
  });
  if (z == all.rend()) return good("F");
  const Civil t = civil_of(z->seconds);
  return good(fmt::format("P,{:04},{:+012},0,0,0,0,0,0,0,{:02}{:02}{:02}", z->z, z->total, t.day,
                          t.month, t.year % 100));
}

Device::Outcome Device::day_sums(const Call&) { return good(joined(sums_of(day())).substr(1)); }

Device::Outcome Device::z_plan(Ms now) {
  if (open_ || service_) return fail(err::kReceiptOpen);
  if (memory_full()) return fail(err::kNotPermitted);
  const auto sums = sums_of(day());
  Document d{.kind = Kind::kZ, .z = z_ + 1, .paper = {fmt::format("Z ОТЧЕТ {}", z_ + 1)}};
  for (const int64_t sum : sums) d.total += sum;
  d.paper.push_back("ОБОРОТ " + money_text(d.total));
  if (!keep(now, std::move(d))) return fail(err::kJournal);
  return made(fmt::format("{:04},{:+012}{}", z_, 0, joined(sums)));
}

int Device::z_report(Ms now) {
  tick(now);
  if (!powered_ || execution_) return err::kNotPermitted;
  return paper_ && !cover_open_ ? z_plan(now).error : err::kNoPaper;
}

Device::Outcome Device::daily_report(const Call& call) {
  const std::string option = call.data.substr(0, 1);
  if (call.data.size() > 2 || (call.data.size() == 2 && call.data[1] != 'N')) {
    return fail(err::kSyntax);
  }
  if (option != "0" && option != "2" && !option.empty()) return fail(err::kSyntax);
  if (open_ || service_) return fail(err::kReceiptOpen);
  if (option != "2") return {err::kNone, {}, [this](Ms now) { return z_plan(now); }};
  const auto sums = sums_of(day());
  Document d{.kind = Kind::kX, .paper = {"X ОТЧЕТ"}};
  for (const int64_t sum : sums) d.total += sum;
  d.paper.push_back("ОБОРОТ " + money_text(d.total));
  if (!keep(call.now, std::move(d))) return fail(err::kJournal);
  return good(fmt::format("{:04},{:+012}{}", z_ + 1, 0, joined(sums)));
}

Device::Outcome Device::cash(const Call& call) {
  const auto told = [this](char code) {
    return good(fmt::format("{},{},{},{}", code, cash_, cash_in_, cash_out_));
  };
  if (call.data.empty()) return told('P');
  if (!paper_ || cover_open_) return fail(err::kNoPaper);
  const bool out = call.data[0] == '-';
  const auto amount = decimal_of(call.data.substr(out ? 1 : 0), 2);
  if (!amount) return fail(err::kSyntax);
  if (open_ || service_ || (out && *amount > cash_)) return told('F');
  Document d{.kind = Kind::kCash, .total = out ? -*amount : *amount};
  d.paper = {(out ? "ИЗВЕДЕНИ " : "ВЪВЕДЕНИ ") + money_text(*amount)};
  if (!keep(call.now, std::move(d))) return fail(err::kJournal);
  ++drawer_pulses_;
  return told('P');
}

Device::Outcome Device::printer_status(const Call& call) {
  if (call.data == "L") return good(std::to_string(feed_.pending(call.now)));
  if (call.data == "P") {
    return good(fmt::format("P{},{},0,1,0", 3 * last_number_, last_number_));
  }
  if (!call.data.empty() && call.data != "X" && call.data != "W") return fail(err::kSyntax);
  const auto bits = status(err::kNone);
  return good({bits.begin(), bits.end()});
}

Device::Outcome Device::diagnostics(const Call&) {
  return good(fmt::format("{},1.00BG 01Feb19 1200,FFFF,00000000,{},{}", options_.model,
                          options_.serial, fm_));
}

Device::Outcome Device::rates(const Call& call) {
  if (!call.data.empty()) return fail(err::kNotPermitted);  // a service seal is needed to set them
  std::string out = "1,2,BGN,11110000";
  for (const int rate : options_.rates) out += "," + money_text(rate);
  return good(out + ",0.00,0.00,0.00,0.00");
}

Device::Outcome Device::drawer(const Call&) {
  ++drawer_pulses_;
  return good();
}

Device::Outcome Device::feed(const Call& call) {
  const auto lines = call.data.empty() ? 1 : whole_number(call.data, 2).value_or(0);
  if (lines == 0) return fail(err::kSyntax);
  feed_.add_lines(call.now, static_cast<size_t>(lines));
  return good();
}

Device::Outcome Device::copy(const Call& call) {
  if (call.data != "1") return fail(err::kSyntax);
  if (open_ || service_) return fail(err::kReceiptOpen);
  const auto today = day();
  const auto found = std::find_if(today.rbegin(), today.rend(),
                                  [](const Document* d) { return d->kind == Kind::kSale; });
  if (found == today.rend() || (*found)->number == copied_) return fail(err::kNoCopy);
  const uint32_t number = (*found)->number;
  Document d{.kind = Kind::kService, .paper = (*found)->paper};
  d.paper.insert(d.paper.begin(), "ДУБЛИКАТ");
  if (!keep(call.now, std::move(d))) return fail(err::kJournal);
  copied_ = number;
  return good();
}

Device::Outcome Device::last_document(const Call&) {
  return good(fmt::format("{:07}", last_number_));
}

}  // namespace till::sim::datecs
