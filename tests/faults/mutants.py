"""Known mistakes of gateways, each planted into our own code: the fault matrix must notice every one."""
import pathlib
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from mutate import Mutator  # noqa: E402

WALK, SDK, DRIVER = "sdk/cpp/fiscal_resolve.cpp", "sdk/cpp/plugin.cpp", "drivers/register_shtrih/driver.cpp"
REGISTER = "sdk/cpp/fiscal_register.cpp"
SETTLE = (WALK, "bool printed = TILL_TRY(device.settle());", "bool printed = true;")
SETTLE_AGAIN = (WALK, "    printed = TILL_TRY(device.settle());", "   ")
ACT = (WALK, "TILL_CHECK(device.cancel());", "")
LOOK_AGAIN = (WALK, "TILL_CHECK(walk(device, receipt, seen, now, found));", "")

DATECS, ATOL = "drivers/register_datecs/driver.cpp", "drivers/register_atol/atol_register.cpp"
WEB = "drivers/register_atol_web/web_register.cpp"

# program: name: edits, each (file, what stands there, what is planted)
SHTRIH_MUTANTS = {
    "looks_at_the_last_document_only": [(WALK, "std::uint32_t n = after + 1;", "std::uint32_t n = now.last_document;")],
    "ignores_the_witness": [(WALK, "d.witness == receipt.witness", "d.total == receipt.total")],
    "does_not_cancel": [ACT],
    "trusts_an_early_no": [SETTLE, ACT, SETTLE_AGAIN, LOOK_AGAIN],
    "ignores_the_fiscal_memory": [(WALK, "now.fiscal_memory != before.fiscal_memory ||", "")],
    "takes_any_of_several_candidates": [(WALK, "found.unreadable.size() == 1", "!found.unreadable.empty()")],
    "forgets_unreadable_documents": [(WALK, "if (!d.witness_readable) {", "if (false) {")],
    "skips_the_first_document_after_the_baseline": [
        (WALK, "std::uint32_t n = after + 1;", "std::uint32_t n = after + 2;")],
    "uses_the_wrapping_counter": [
        (DRIVER, "return MemoryState{fn.number, fn.last_document, s.document_open() || fn.open_document != 0};",
         "return MemoryState{fn.number, TILL_TRY(parse_shift_status(TILL_TRY("
         "command(Command::kShiftStatus)))).receipt, s.document_open()};")],
    "takes_a_timeout_for_a_failure": [(SDK, "doubt ? TILL_IN_DOUBT : TILL_REFUSED", "TILL_REFUSED")],
    "forgets_the_point_of_no_return": [(DRIVER, "port().point_of_no_return();", "")],
    "does_not_say_what_it_left_open": [
        (DRIVER, "  document_open(true);\n  for (const Buffer& each", "  for (const Buffer& each")],
    "cancels_without_looking": [
        (DRIVER, "  if (TILL_TRY(short_status()).document_open()) return fail(Code::kDocumentOpen);\n", ""),
        (DRIVER, "command(Command::kCancelReceipt)", "command(Command::kShortStatus)"),
        (DRIVER, "fn.open_document != 0) {", "fn.open_document > 99) {")],
    "believes_a_no_to_the_closing": [(REGISTER, "now->last_document == before", "now->last_document >= before")],
    "calls_every_document_printed": [(WALK, "found.ours->printed = printed;", "found.ours->printed = true;")],
    "takes_a_blank_document_of_any_total": [(WALK, "if (d.total == receipt.total) found", "found")],
    "takes_a_document_of_any_kind": [(WALK, "if (d.kind != wanted) continue;", "")],
    "takes_a_document_of_any_time": [
        (WALK, "return !made || !read || (*made >= *read && *made - *read <= kLongestMinutes);", "return true;")],
    "takes_anothers_while_ours_is_open": [(WALK, "&& !others &&", "&&")],
    "reads_no_witness_of_corrections": [(DRIVER, "if (found.operation != 0) {", "if (found.type == 3) {")],
    "reads_a_blank_witness_of_old_corrections": [
        (DRIVER, "kCorrectionType && d.witness.empty()", "kCorrectionType && !d.witness.empty()")],
    "books_prepaid_as_cash": [(DRIVER, "Tender::kPrepaid    ? 14", "Tender::kPrepaid    ? 1")],
}
DATECS_MUTANTS = {
    "datecs_ignores_the_witness": [(WALK, "d.witness == receipt.witness", "d.total == receipt.total")],
    "datecs_forgets_the_point_of_no_return": [
        (DATECS, "  port().point_of_no_return();\n  if (auto paid", "  if (auto paid")],
    "datecs_pays_the_rest_in_cash": [(DATECS, "rest = payments_after(plan->payments, tendered);", "")],
    "datecs_calls_every_document_printed": [
        (WALK, "found.ours->printed = printed;", "found.ours->printed = true;")],
    "datecs_asks_for_the_paper_too_early": [SETTLE_AGAIN],
    "datecs_leaves_a_paid_receipt_open": [
        (DATECS, "TILL_CHECK(complete_paid());", "return std::unexpected(cancelled.error());")],
}
ATOL_MUTANTS = {
    "atol_does_not_close_off": [(ATOL, "TILL_CHECK(close_off(key_));", "")],
    "atol_submits_under_a_new_uuid": [
        (WEB, "const std::string uuid = uuid_of(key, attempt);\n    if (TILL_TRY(submit(",
         "const std::string uuid = till::atol::uuid_of(std::to_string(unix_us()));\n    if (TILL_TRY(submit(")],
    "atol_reads_the_drawer_too_early": [(ATOL, "TILL_CHECK(end_act());", "")],
}
MUTANTS = {"faults_shtrih": SHTRIH_MUTANTS, "faults_datecs": DATECS_MUTANTS, "faults_atol": ATOL_MUTANTS}


def run(root):
    mutator = Mutator(root, root / "build/release")
    missed = []
    planted = [(p, name, edits) for p, mutants in MUTANTS.items() for name, edits in mutants.items()]
    for wanted, name, edits in planted:
        program = mutator.build_with(name, edits, wanted)
        # Every position of the short dialogues, every fifth of the long one.
        stride = "5" if wanted == "faults_shtrih" else "1"
        done = subprocess.run([program, "--noise", "--stride", stride, "--pairs", "0", "--stop", "1"],
                              capture_output=True, text=True, timeout=600)
        first = done.stdout.splitlines()[0] if done.returncode == 1 and done.stdout else ""
        print(f"{'caught' if first else 'MISSED':7} {name}: {first}", flush=True)
        if not first:
            missed.append(name)
    print(f"{len(planted)} planted, {len(planted) - len(missed)} caught")
    return 1 if missed else 0
