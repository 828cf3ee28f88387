// One driver, one virtual register and the cable between them, in virtual time: what the fault
// matrix needs of every register. The rig shares no codec with the driver; it reads the register's
// memory by its own means, and that memory is the judge.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sdk/cpp/fiscal.h"
#include "sdk/testkit/fake_host.h"

namespace till::faults {

// A position is a byte on a line and a call of a vendor's library or of HTTP otherwise.
enum class Where {
  kToDevice,  // the device gets the first `at` positions, what follows is lost
  kAnswer,    // the driver gets the first `at` positions of the answers; cut as the last arrives
  kLate,      // the same, but the driver may still write until the next byte would arrive
};

// A fiscal document as the register's own memory has it.
struct Kept {
  std::string fiscal_memory;
  std::uint32_t number = 0;
  std::string kind;  // as kind_name() says; "shift_open", "shift_close", "settlement", "other"
  Money total;
  std::string witness;
  std::uint32_t sign = 0;  // fiscal sign, 0 where documents carry none
  Money cash, electronic;  // a receipt's tenders, change not counted
  Money other = {};        // prepaid, credit, counter provision
};

class Rig {
 public:
  virtual ~Rig() = default;
  // Activated, a shift open, idle.
  testkit::FakeHost host;

  virtual void cut(Where where, std::size_t at) = 0;  // arms; counts from now
  [[nodiscard]] virtual bool was_cut() const = 0;
  virtual void reconnect(std::uint32_t after_ms) = 0;

  [[nodiscard]] virtual std::vector<Kept> kept() = 0;
  [[nodiscard]] virtual bool document_open() = 0;
  [[nodiscard]] virtual Money in_drawer() = 0;
  [[nodiscard]] virtual bool paper_waits() = 0;  // a document's, for paper or for a person

  // What most goods are taxed with in this register's country.
  [[nodiscard]] virtual Tax usual_tax() const { return {TaxKind::kRate, {2200}}; }

  // What it takes beside cash.
  [[nodiscard]] virtual std::vector<Tender> tenders() const {
    return {Tender::kElectronic, Tender::kPrepaid, Tender::kCredit, Tender::kCounterProvision};
  }
  // false: such a document has no room for the witness.
  [[nodiscard]] virtual bool keeps_witness(const FiscalReceipt& /*receipt*/) const { return true; }

  // Each false: this register can't do that now (or at all), nothing happened.
  virtual bool foreign(const FiscalReceipt& equal) = 0;  // another till prints the same basket
  virtual bool automatic_z() = 0;
  virtual bool replace_memory() = 0;
  virtual bool late(std::uint32_t ms) = 0;  // the next document becomes fiscal so much later
  virtual bool power_fails(bool after_fiscal) = 0;  // at the next fiscal moment
  virtual bool power_on() = 0;
  virtual bool paper_ends(bool at_next_document) = 0;    // else now
  virtual bool paper_ends_after(std::size_t lines) = 0;  // of the next document
  virtual bool paper_back() = 0;
  virtual bool cutter_jams(bool /*jams*/) { return false; }  // behind whatever document is made
  virtual bool fill_memory() { return false; }               // no further document fits
  virtual bool clock_off_by(std::int64_t /*seconds*/) { return false; }
  // Before byte `at` (from 1) of what the device says from now on, its answer to another command.
  virtual bool other_answer(std::size_t /*at*/) { return false; }
  [[nodiscard]] virtual bool other_came() const { return false; }
  virtual bool hide_witness() = 0;  // the register can no longer show what a document contains
};

// The ways this driver can be connected: "protocol1", "protocol2", "web" …; the first is usual.
std::vector<std::string> variants();
std::unique_ptr<Rig> make_rig(const std::string& variant);

}  // namespace till::faults
