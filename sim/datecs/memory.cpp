#include "sim/datecs/memory.h"

#include <boost/json.hpp>
#include <stdexcept>

namespace till::sim::datecs {
namespace {

namespace json = boost::json;

constexpr const char* kNames[] = {"fiscalised", "sale", "return", "cancelled",
                                  "x",          "z",    "cash",   "service"};

std::string text_of(const json::value& v) { return json::value_to<std::string>(v); }

char letter_of(const json::value& v) { return text_of(v).at(0); }

Kind kind_of(const std::string& name) {
  for (size_t i = 0; i < std::size(kNames); ++i) {
    if (name == kNames[i]) return static_cast<Kind>(i);
  }
  throw std::invalid_argument("bad kind");
}

json::object to_json(const Document& d) {
  json::array items, payments, paper;
  for (const Item& i : d.items) {
    items.push_back(json::object{{"group", std::string(1, i.group)},
                                 {"price", i.price},
                                 {"quantity", i.quantity},
                                 {"sum", i.sum},
                                 {"name", i.name}});
  }
  for (const Payment& p : d.payments) {
    payments.push_back(json::object{{"mode", std::string(1, p.mode)}, {"amount", p.amount}});
  }
  for (const std::string& line : d.paper) paper.emplace_back(line);
  json::object o{{"fm", d.fm},        {"number", d.number},   {"kind", name_of(d.kind)},
                 {"time", d.seconds}, {"unp", d.unp},         {"operator", d.op},
                 {"till", d.till},    {"total", d.total},     {"z", d.z},
                 {"items", items},    {"payments", payments}, {"paper", paper}};
  if (d.undone) {
    o["undone"] = json::object{{"type", std::string(1, d.undone->type)},
                               {"document", d.undone->document},
                               {"time", d.undone->seconds},
                               {"unp", d.undone->unp},
                               {"fm", d.undone->fm}};
  }
  return o;
}

Document from_json(const json::object& o) {
  Document d;
  d.fm = text_of(o.at("fm"));
  d.number = o.at("number").to_number<uint32_t>();
  d.kind = kind_of(text_of(o.at("kind")));
  d.seconds = o.at("time").to_number<int64_t>();
  d.unp = text_of(o.at("unp"));
  d.op = o.at("operator").to_number<int>();
  d.till = o.at("till").to_number<int>();
  d.total = o.at("total").to_number<int64_t>();
  d.z = o.at("z").to_number<uint32_t>();
  for (const auto& i : o.at("items").as_array()) {
    d.items.push_back({letter_of(i.at("group")), i.at("price").to_number<int64_t>(),
                       i.at("quantity").to_number<int64_t>(), i.at("sum").to_number<int64_t>(),
                       text_of(i.at("name"))});
  }
  for (const auto& p : o.at("payments").as_array()) {
    d.payments.push_back({letter_of(p.at("mode")), p.at("amount").to_number<int64_t>()});
  }
  for (const auto& line : o.at("paper").as_array()) d.paper.push_back(text_of(line));
  if (const auto* u = o.if_contains("undone")) {
    d.undone =
        Undone{letter_of(u->at("type")), u->at("document").to_number<uint32_t>(),
               u->at("time").to_number<int64_t>(), text_of(u->at("unp")), text_of(u->at("fm"))};
  }
  return d;
}

}  // namespace

const char* name_of(Kind kind) { return kNames[static_cast<size_t>(kind)]; }

std::array<int64_t, 8> Document::groups() const {
  std::array<int64_t, 8> sums{};
  for (const Item& i : items) sums[static_cast<size_t>(i.group - 'A') & 7] += i.sum;
  return sums;
}

const Document* Memory::find(const std::string& fm, uint32_t number) const {
  for (auto it = documents_.rbegin(); it != documents_.rend(); ++it) {
    if (it->number == number && it->fm == fm) return &*it;
  }
  return nullptr;
}

std::expected<std::unique_ptr<FileMemory>, std::string> FileMemory::open(const std::string& path) {
  std::unique_ptr<FileMemory> memory(new FileMemory);
  auto lines = DurableLines::open(path, [&memory](const std::string& line) {
    memory->documents_.push_back(from_json(json::parse(line).as_object()));
  });
  if (!lines) return std::unexpected(lines.error());
  memory->lines_ = std::move(*lines);
  return memory;
}

bool FileMemory::append(const Document& document) {
  if (!lines_->append(json::serialize(to_json(document)))) return false;
  documents_.push_back(document);
  return true;
}

}  // namespace till::sim::datecs
