#include "engine/codec/codec.h"

#include <gtest/gtest.h>

#include "engine/codec/codes.h"
#include "engine/codec/upcast.h"
#include "engine/model/json.h"

namespace fermata {
namespace {

Value DeepList(int depth) {
  Value value = Value::String("=x");
  for (int i = 0; i < depth; ++i) value = Value::List({value});
  return value;
}

template <class Body>
void ExpectRoundTrip(const Body& body) {
  const std::string row = EncodeEvents({{42, body}});
  Result<std::vector<JournalEvent>> events = DecodeEvents(row);
  ASSERT_TRUE(events.ok()) << row;
  ASSERT_EQ(events->size(), 1u);
  EXPECT_EQ((*events)[0].at_us, 42);
  EXPECT_EQ(EncodeEvents(*events), row);
}

TEST(Codec, KeepsEveryKindOfValue) {
  for (const Value& value :
       {Value(), Value::Bool(true), Value::Int(-5), Value::Double(2.0), Value::String(""), Value::String("!x"),
        Value::String("=x"), Value::List({Value::String("a")}), DeepList(64), Value::Map({})}) {
    VariablesSet set{3, {{"v", value}}};
    Result<std::vector<JournalEvent>> events = DecodeEvents(EncodeEvents({{1, set}}));
    ASSERT_TRUE(events.ok()) << WriteJson(value);
    EXPECT_EQ(std::get<VariablesSet>((*events)[0].body).values[0].second, value);
  }
}

TEST(Codec, KeepsEveryEvent) {
  UndoRecord record;
  record.state = "hold";
  record.within = {{3, "a"}, {4, ""}};
  record.retry.on = {"unavailable"};
  record.definition_hash = "hash";
  record.retry.jitter = 0.25;
  Incident incident;
  incident.number = 2;
  incident.event = CloudEvent{"1", "/s", "t", "", {5, 6}, Value::Int(1), {}};
  Rollback rollback;
  rollback.then.kind = Continuation::Kind::kFinish;
  rollback.then.error.error.name = "x";
  ExpectRoundTrip(InstanceStarted{"t",
                                  "p",
                                  "1.0.0",
                                  "h",
                                  "k",
                                  ParentLink{InstanceId::Make(1, 2, 3, 4), 5, true},
                                  Value::Map({}),
                                  {{"a", Value::Int(1)}},
                                  "tp"});
  ExpectRoundTrip(UndoRegistered{record});
  ExpectRoundTrip(IncidentOpened{incident});
  ExpectRoundTrip(RollbackStarted{rollback});
  ExpectRoundTrip(
      CommandStashed{{1, 2, CompleteJob{{7, true}, 3, TechnicalFailure{TechnicalError::kTimeout, "late", 5}}}});
  ExpectRoundTrip(JobRetried{{1, false}, 2, true, Value()});
  ExpectRoundTrip(JobRetried{{1, false}, 2, true, std::nullopt, true});
  ExpectRoundTrip(InstanceSuspended{});
  ExpectRoundTrip(InstanceSuspended{"why", "ann"});
  ExpectRoundTrip(InstanceResumed{"why", "ann"});
  ExpectRoundTrip(CancelRequested{"why", "ann"});
  ExpectRoundTrip(IncidentClosed{1, "skip", "ann", "why"});
  ExpectRoundTrip(WorkCompleted{3, "s", 0, Value::Int(1), "ann", false, "boss"});
  ExpectRoundTrip(InstanceMigrated{"1.0.0",
                                   "2.0.0",
                                   "hash",
                                   {{3, "waits", 4, {{1, 60'000'000, true}, {kRetrySlot, 5, false}}, {{0, 1}}}},
                                   {{7, 2}},
                                   {{"old", "waits"}}});
  InstanceMigrated back;
  back.named = {{3, "old"}};
  back.reverted = true;
  back.reason = "why";
  back.by = "ann";
  back.keeps_carriers = true;
  ExpectRoundTrip(back);
  Crossing crossing;
  crossing.version = "1.0.0";
  crossing.definition_hash = "hash";
  crossing.states = {{"old", "waits"}};
  crossing.named = {{3, "old"}};
  crossing.replaced = {{"n", std::nullopt, Value::Int(1)}, {"who", Value(), Value::String("ann")}};
  crossing.others = {"x"};
  crossing.next_activation = 4;
  crossing.fired = {{3, {{0, 60'000'000, true}, {kRemindSlot, 5, true}}}};
  ExpectRoundTrip(WayBackNoted{crossing, true});
  ExpectRoundTrip(VariablesDropped{3, {"n", "who"}});
  ExpectRoundTrip(VariablesAmended{"why", "ann"});
  ExpectRoundTrip(InstanceMoved{3, "here", "there", "why", "ann"});
  ExpectRoundTrip(TaskClaimed{3, "ann", "boss"});
  ExpectRoundTrip(TaskReleased{3, "ann", "boss"});
  ExpectRoundTrip(TaskAssigned{3, "clerk", "bob", "ann", "boss"});
  ExpectRoundTrip(TaskCommented{3, "see page 2", "ann", "boss"});
}

TEST(Codec, KeepsEveryCommand) {
  StartInstance start;
  start.key = "k";
  start.kept.push_back(CloudEvent{"1", "/s", "t", "sub", {5, 6}, Value::Int(1), Value::Map({})});
  start.kept_until_us = {9};
  const std::vector<Command> commands = {
      start,
      CompleteJob{{1, false}, 2, JobSuccess{Value::Int(1)}},
      CompleteJob{{1, true}, 2, BusinessFailure{"declined", "m", Value::Int(1)}},
      FireTimer{{3, kUndoRetrySlot}},
      DeliverEvent{start.kept[0], "k", true, 9},
      FinishChild{2, InstanceId::Make(1, 2, 3, 4), {ChildResult::Kind::kFailed, {}, {"e", "m", {}}}, true},
      UndoInstance{"r"},
      CancelInstance{"why", "ann"},
      SuspendInstance{"why", "ann"},
      ResumeInstance{"why", "ann"},
      ResolveIncident{1, IncidentAction::kSkip, {{"a", Value::Int(1)}}, Value::Int(2), {}, "me", "why"},
      CompleteTask{4, "approve", Value::Map({}), "ann", "boss"},
      MigrateInstance{"2.0.0", true, "why", "ann"},
      SetVariables{{{"a", Value::Int(1)}}, "why", "ann"},
      MoveInstance{"there", "here", 2, {{"a", Value::Int(1)}}, "why", "ann"},
      ReportLost{3, "gone"},
      ClaimTask{3, "ann", "boss"},
      ReleaseTask{3, "ann", "boss"},
      AssignTask{3, "clerk", "bob", "ann", "boss"},
      CommentTask{3, "see page 2", "ann", "boss"}};
  ASSERT_EQ(commands.size(), std::variant_size_v<Command> + 1);
  for (const Command& command : commands) {
    Result<Command> decoded = DecodeCommand(EncodeCommand(command));
    ASSERT_TRUE(decoded.ok()) << EncodeCommand(command);
    EXPECT_TRUE(*decoded == command) << EncodeCommand(command);
  }
}

TEST(Codec, ReadsCommandsOfBeforeAKeptEventHadItsTime) {
  constexpr const char* kDeliver = R"([1,["deliver-event",["e-1","/tests","paid","",[],{"id":"o-1"}],["o-1"],1]])";
  Result<Command> decoded = DecodeCommand(kDeliver);
  ASSERT_TRUE(decoded.ok());
  EXPECT_EQ(std::get<DeliverEvent>(*decoded).until_us, 0);
  EXPECT_EQ(EncodeCommand(*decoded), kDeliver);
}

TEST(Codec, ASnapshotKnowsWhatIsBeingUndone) {
  InstanceState state;
  UndoRecord record;
  record.number = 4;
  record.activation = 9;
  record.progress = UndoProgress::kWaiting;
  state.undo_records.emplace(record.number, record);
  state.undo_index.Put(record);
  Result<InstanceState> decoded = DecodeSnapshot(EncodeSnapshot(state));
  ASSERT_TRUE(decoded.ok());
  EXPECT_TRUE(*decoded == state);
  EXPECT_EQ(Timers(*decoded).size(), 1u);
}

TEST(Codec, ReadsWhatIsFromBeforeHistoriesSaidWho) {
  constexpr const char* kRow =
      R"([1,7,[["cancel-requested","late"],["instance-suspended"],["incident-closed",1,"skip","ann"],["task-claimed",3,"ann"]]])";
  const Result<std::vector<JournalEvent>> events = DecodeEvents(kRow);
  ASSERT_TRUE(events.ok()) << events.error().message;
  EXPECT_EQ(std::get<CancelRequested>(events->front().body).by, "");
  EXPECT_EQ(std::get<TaskClaimed>(events->back().body).actor, "");
  EXPECT_EQ(EncodeEvents(*events), kRow);
}

TEST(Codec, LeavesTrailingDefaultsOut) {
  EXPECT_EQ(EncodeEvents({{7, StateExited{5}}, {7, InstanceResumed{}}}), R"([1,7,[["exit",5],["instance-resumed"]]])");
}

TEST(Codec, RefusesWhatNoReleaseWrote) {
  for (const char* text : {"", "[]", "{}", "[1]", "[1,2]", "[1,2,3]", R"([1,2,[["nothing"]]])",
                           R"([1,2,[["exit","5"]]])", R"([1,2,[["exit",5,6]]])", R"([1,2,[["set",0,[["a","plain"]]]]])",
                           R"([1,2,[[5]]])", R"([1,2,[]] x)", R"([1,2,[["status",99]]])", R"(["1",2,[]])"}) {
    Result<std::vector<JournalEvent>> events = DecodeEvents(text);
    ASSERT_FALSE(events.ok()) << text;
    EXPECT_EQ(events.error().code, kStoredTextMalformed) << text;
    EXPECT_FALSE(DecodeSnapshot(text).ok()) << text;
    EXPECT_FALSE(DecodeCommand(text).ok()) << text;
  }
}

TEST(Codec, RefusesANewerVersion) {
  EXPECT_EQ(DecodeEvents("[2,0,[]]").error().code, kStoredVersionUnknown);
  EXPECT_EQ(DecodeEvents("[0,0,[]]").error().code, kStoredVersionUnknown);
}

TEST(Upcast, TakesARowThroughTheChain) {
  const codec::Upcaster chain[] = {{1,
                                    [](const Value& row) {
                                      return Value::List({Value::Int(2), row.as_list()[1]});
                                    }},
                                   {2, [](const Value& row) {
                                      return Value::List({Value::Int(3), row.as_list()[1], Value::String("added")});
                                    }}};
  Result<Value> row = codec::Upcast(ParseJson("[1,5]").value(), chain, 3);
  ASSERT_TRUE(row.ok());
  EXPECT_EQ(WriteJson(*row), R"([3,5,"added"])");
  EXPECT_EQ(WriteJson(*codec::Upcast(ParseJson("[3,1]").value(), chain, 3)), "[3,1]");
  EXPECT_FALSE(codec::Upcast(ParseJson("[0,1]").value(), chain, 3).ok());
  EXPECT_FALSE(codec::Upcast(ParseJson("[4,1]").value(), chain, 3).ok());
}

TEST(Describe, NamesWhatHappened) {
  const Value entered = DescribeEvent({0, StateEntered{3, 1, ActivationKind::kState, "hold", 4}});
  EXPECT_EQ(WriteJson(entered), R"({"type":"state-entered","activation":3,"state":"hold","kind":"state"})");
}

}  // namespace
}  // namespace fermata
