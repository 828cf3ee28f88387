// The testkit on the kit's own sample, a drawer and scanner in C that is linked into this test.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <thread>

#include "recording.h"
#include "schema.h"
#include "script.h"

namespace till::testkit {
namespace {

struct Bench {
  Bench() {
    EXPECT_EQ(host.activate({{"password", ""}}).status, TILL_DONE);
    host.set_connected(true);
  }
  FakeHost host;
};

TEST(Script, ExpectsSendsAndDelays) {
  Bench b;
  Script device(b.host);
  device.expect("O\n").delay(300).send("K\n").expect("S\n").send("K\n");
  const auto start = b.host.now_us;
  EXPECT_EQ(b.host.perform("drawer.open").status, TILL_DONE);
  EXPECT_EQ(b.host.now_us - start, 300'000);
  EXPECT_NE(device.complaint(), "") << "half of it is still to come";
  EXPECT_EQ(b.host.perform("drawer.status").status, TILL_DONE);
  EXPECT_EQ(device.complaint(), "");
}

TEST(Script, SaysWhereItWentOtherwise) {
  Bench b;
  Script device(b.host);
  device.expect("X\n");
  b.host.perform("drawer.open", {}, "", 100);
  EXPECT_EQ(device.complaint(), "step 0: heard 4f0a at byte 0 of 580a");
}

TEST(Script, FaultsAreDoubtsNotLies) {
  for (const Fault fault : {Fault::kCut, Fault::kSilence, Fault::kFlipBit, Fault::kHalf}) {
    Bench b;
    Script device(b.host);
    device.expect("O\n").fault(fault).send("K\n");
    EXPECT_EQ(b.host.perform("drawer.open").status, TILL_IN_DOUBT) << static_cast<int>(fault);
  }
}

TEST(Kept, IsFoundByTheNextInstanceAndLimited) {
  Bench first;
  Script device(first.host);
  device.expect("O\n").send("K\n");
  EXPECT_EQ(first.host.perform("drawer.open", {}, "k1").status, TILL_DONE);
  EXPECT_EQ(*first.host.state.get("done"), "k1");
  EXPECT_EQ(first.host.progress(), 300U);
  FakeHostOptions options;
  options.state = first.host.state;
  FakeHost next(tillbridge_entry, options);
  EXPECT_EQ(next.activate({{"password", ""}}).status, TILL_DONE);
  next.set_connected(true);
  EXPECT_EQ(next.perform("drawer.open", {}, "k1").status, TILL_DONE) << "nobody answers, and yet";
  EXPECT_EQ(next.written(), 0U);
  EXPECT_TRUE(next.violations().empty());

  KeptState state;
  EXPECT_EQ(state.set("", "x").error().code, Code::kBadValue);
  EXPECT_EQ(state.set("a", std::string(KeptState::kValueMost + 1, 'x')).error().code,
            Code::kStateFull);
  EXPECT_EQ(state.get("a").error().code, Code::kNotKept);
}

TEST(VirtualTime, ThirtySecondsPassInAMillisecond) {
  Bench b;
  const auto real = std::chrono::steady_clock::now();
  const auto start = b.host.now_us;
  EXPECT_EQ(b.host.perform("drawer.open", {}, "", 30'000).status, TILL_IN_DOUBT);
  EXPECT_EQ(b.host.now_us - start, 30'000'000);
  EXPECT_LT(std::chrono::steady_clock::now() - real, std::chrono::milliseconds(500));
}

TEST(CutEverywhere, TriesEveryByteOnce) {
  std::size_t judged = 0;
  const auto cuts = cut_everywhere(
      tillbridge_entry,
      [](FakeHost& host, const std::function<void()>& arm) {
        host.activate({{"password", ""}});
        host.set_connected(true);
        Script device(host);
        device.expect("O\n").send("K\n");
        arm();
        auto outcome = host.perform("drawer.open");
        host.set_device({});
        return outcome;
      },
      [&](const Cut& cut, FakeHost& host, const FakeOutcome& outcome) {
        ++judged;
        EXPECT_NE(outcome.status, TILL_DONE) << cut.written << cut.after;
        EXPECT_FALSE(host.connected());
      });
  EXPECT_EQ(cuts, 4U);
  EXPECT_EQ(judged, 4U);
}

TEST(FakeHost, NotesNothingAgainstAnHonestPlugin) {
  FakeHostOptions options;
  options.guarded = true;
  options.later = 32;
  options.most_read = 1;
  FakeHost host(tillbridge_entry, options);
  host.activate({{"password", ""}});
  host.set_connected(true);
  Script device(host);
  device.expect("O\n").send("K\n");
  EXPECT_EQ(host.perform("drawer.open").status, TILL_DONE);
  host.feed(as_bytes("123\r"));
  ASSERT_EQ(host.events().size(), 1U);
  host.deactivate();
  host.destroy();
  EXPECT_TRUE(host.violations().empty());
}

TEST(FakeHost, NotesCallsFromElsewhereAndAtTheWrongTime) {
  FakeHost host;
  const auto* log =
      static_cast<const till_log*>(host.c_host()->get_extension(host.c_host(), TILL_LOG_ID));
  log->write(host.c_host(), TILL_LOG_INFO, "early", 5);
  host.activate({{"password", ""}});
  std::thread([&] { log->write(host.c_host(), TILL_LOG_INFO, "astray", 6); }).join();
  host.deactivate();
  log->write(host.c_host(), TILL_LOG_INFO, "late", 4);
  const_cast<till_host*>(host.c_host())->abi_minor = 9;
  std::string rules;
  for (const auto& v : host.violations()) rules += v.rule + " ";
  EXPECT_EQ(rules, "state thread after_destroy host_written ");
}

TEST(FakeHost, ACancelWakesAWaitingOperation) {
  Bench b;
  b.host.cancel_at_call(2);  // the write, then the read
  const auto start = b.host.now_us;
  EXPECT_EQ(b.host.perform("drawer.open", {}, "", 30'000).status, TILL_IN_DOUBT);
  EXPECT_EQ(b.host.now_us, start);
  EXPECT_LT(b.host.calls_after_cancel(), 3U);
}

TEST(Holdings, SeeWhatIsLeftBehind) {
  const auto before = Holdings::now();
  EXPECT_EQ(left_behind(before, 4096), "");
  const int fd = dup(STDERR_FILENO);
  auto* lost = new std::string(100'000, 'x');
  std::thread runs([] { std::this_thread::sleep_for(std::chrono::milliseconds(100)); });
  const std::string words = left_behind(before, 4096);
  runs.join();
  delete lost;
  close(fd);
  EXPECT_NE(words.find("1 threads, 1 descriptors"), std::string::npos) << words;
  EXPECT_NE(words.find("bytes of heap"), std::string::npos) << words;
}

const char* const kRecording = R"({"format":1,"plugin":"a.b","title":"t","steps":[
  {"input":"3132330d","events":[{"type":"org.tillbridge.test.code","body":{"raw":"123","aim":""}}]},
  {"perform":"drawer.open","body":{},"status":"done","result":{},
   "dialogue":[["out","4f0a"],["in","4b0a",20]]},
  {"port":false},
  {"perform":"drawer.open","body":{},"status":"refused","code":2002}]})";

TEST(Recording, IsPlayedAndPrintedAndReadAgain) {
  const auto recording = parse_recording(kRecording);
  ASSERT_TRUE(recording) << recording.error().detail;
  Bench b;
  EXPECT_EQ(Player(b.host, *recording).play_all(), "");
  const auto again = parse_recording(print_recording(*recording));
  ASSERT_TRUE(again);
  EXPECT_EQ(print_recording(*again), print_recording(*recording));
}

TEST(Recording, TellsWhatIsNotAsRecorded) {
  for (const auto& [from, to, words] :
       {std::tuple("4f0a", "510a", "step 1: ended in_doubt, recorded done"),
        std::tuple("\"raw\":\"123\"", "\"raw\":\"124\"", "step 0: event org.tillbridge.test.code"),
        std::tuple("2002", "2005", "step 3: TB-2002, recorded TB-2005"),
        std::tuple("4b0a\",20", "450a\",20", "step 1: ended refused, recorded done")}) {
    std::string text = kRecording;
    text.replace(text.find(from), std::string_view(from).size(), to);
    const auto recording = parse_recording(text);
    ASSERT_TRUE(recording);
    Bench b;
    const auto complaint = Player(b.host, *recording).play_all();
    EXPECT_TRUE(complaint.starts_with(words)) << complaint;
  }
}

TEST(Recording, NamesWhatItCanNotRead) {
  for (const auto& [from, to, where] :
       {std::tuple("\"format\":1", "\"format\":2", "format"),
        std::tuple("3132330d", "31323", "steps[0].bytes"),
        std::tuple("\"out\"", "\"up\"", "steps[1].dialogue"),
        std::tuple("\"done\"", "\"well\"", "steps[1].status"),
        std::tuple("\"port\":false", "\"prot\":false", "steps[2].input, port or perform")}) {
    std::string text = kRecording;
    text.replace(text.find(from), std::string_view(from).size(), to);
    const auto recording = parse_recording(text);
    ASSERT_FALSE(recording) << to;
    EXPECT_EQ(recording.error().detail, where);
  }
  const std::string whole = kRecording;
  for (std::size_t n = 0; n < whole.size(); ++n) {
    EXPECT_FALSE(parse_recording(whole.substr(0, n))) << n;
  }
}

TEST(Schema, ChecksWhatItSays) {
  const auto schema = json::parse(R"({"type":"object","required":["n"],"additionalProperties":false,
    "properties":{"n":{"type":"integer","minimum":1,"maximum":9},"s":{"enum":["a","b"]},
    "l":{"type":"array","maxItems":2,"items":{"anyOf":[{"type":"string"},{"type":"null"}]}}}})")
                          .as_object();
  const auto says = [&](const char* text) {
    const auto r = check_schema(schema, json::parse(text));
    return r ? std::string("good") : r.error().detail;
  };
  EXPECT_EQ(says(R"({"n":5,"s":"a","l":["x",null]})"), "good");
  EXPECT_EQ(says(R"({})"), "n");
  EXPECT_EQ(says(R"({"n":0})"), "n");
  EXPECT_EQ(says(R"({"n":"5"})"), "n");
  EXPECT_EQ(says(R"({"n":5,"s":"c"})"), "s");
  EXPECT_EQ(says(R"({"n":5,"l":["x",7]})"), "l[1]");
  EXPECT_EQ(says(R"({"n":5,"l":["","",""]})"), "l");
  EXPECT_EQ(says(R"({"n":5,"more":1})"), "more");
  EXPECT_EQ(says(R"([])"), "");
}

}  // namespace
}  // namespace till::testkit
