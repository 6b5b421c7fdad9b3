// The drawings of processes: SVG, DOT and Mermaid.

#include <gmock/gmock.h>
#include <graphviz/cgraph.h>
#include <gtest/gtest.h>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <thread>

#include "api/drawing/codes.h"
#include "api/drawing/graphviz_layout.h"
#include "engine/language/drawing/geometry.h"
#include "engine/language/drawing/measure.h"
#include "engine/language/drawing/svg.h"
#include "engine/language/drawing/text_drawings.h"
#include "engine/language/load.h"
#include "engine/language/walk.h"
#include "engine/model/limits.h"
#include "tests/unit/drawing/svg_reader.h"

namespace fermata {
namespace {

using testing::HasSubstr;
using testing::Not;
namespace fs = std::filesystem;

const char* const kHead = "fermata: 1\nprocess: p\nversion: 1.0.0\n";

// One state of each kind.
const char* const kKinds = R"(title: All kinds
events: { out: {}, back: {} }
on: { out: lost }
states:
  called: { call: engine.find, with: { process: p, key: k }, undo: { call: engine.cancel, with: { process: p, key: k } }, next: asked }
  asked: { ask: Shall we go on, assign: { role: boss }, outcomes: [yes, no], next: ran }
  ran: { run: p, detach: true, next: sent }
  sent: { emit: news, next: items }
  items:
    each: ${[1, 2]}
    concurrency: 2
    states: { item-end: { end: {} } }
    next: sides
  sides:
    parallel:
      left: { start: l, states: { l: { end: {} } } }
      right: { start: r, states: { r: { end: {} } } }
    join: first
    next: box
  box:
    atomic: true
    states:
      inner: { on: { back: box, out: inner }, after: { 90m: inner-end } }
      inner-end: { end: {} }
    on: { back: { set: { x: 1 } } }
    after: { 2d: inner }
    next: which
  which: { next: [ { if: "1 == 1", go: undo }, { go: lost } ] }
  undo: { rollback: called, next: fine }
  fine: { end: {} }
  lost: { fail: all-lost }
)";

DefinitionPtr Load(const std::string& text, const std::string& file = "p.yaml") {
  Bundle bundle;
  bundle.file = file;
  bundle.text = text;
  LoadOutcome outcome = LoadDefinition(bundle);
  EXPECT_NE(outcome.definition, nullptr) << FormatDiagnostics(outcome.diagnostics);
  return outcome.definition;
}

DefinitionPtr Kinds() { return Load(std::string(kHead) + kKinds); }

std::string ReadText(const fs::path& path) {
  std::ifstream stream(path, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return text.str();
}

// With the manifests beside it and those of the tree.
DefinitionPtr LoadFile(const fs::path& path) {
  Bundle bundle;
  bundle.file = path.filename().string();
  bundle.text = ReadText(path);
  for (const std::string& name : ReferencedFiles(bundle.text))
    bundle.files.emplace(name, ReadText(path.parent_path() / name));
  for (const fs::path& folder : {path.parent_path() / "connectors", fs::path(FERMATA_SOURCE_DIR) / "connectors"}) {
    if (!fs::is_directory(folder)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (entry.path().extension() != ".yaml") continue;
      if (auto manifest = LoadManifest("m.yaml", ReadText(entry.path())).manifest) bundle.manifests.push_back(manifest);
    }
  }
  return LoadDefinition(bundle).definition;
}

std::vector<fs::path> ShippedProcesses() {
  std::vector<fs::path> files;
  for (const char* folder : {"processes", "tests/scenarios"})
    for (const auto& entry : fs::directory_iterator(fs::path(FERMATA_SOURCE_DIR) / folder)) {
      const std::string name = entry.path().filename().string();
      if (name.ends_with(".yaml") && !name.ends_with(".scenarios.yaml")) files.push_back(entry.path());
    }
  return files;
}

std::string Draw(const Chart& chart, const SvgOptions& options = {}) {
  Result<std::string> svg = DrawSvg(chart, options, LayOutWithGraphviz);
  EXPECT_TRUE(svg.ok());
  return svg.ok() ? *svg : "";
}

SvgElement Read(const std::string& svg) {
  std::string error;
  SvgElement root = SvgReader(svg).Read(error);
  EXPECT_EQ(error, "");
  return root;
}

int TransitionsOf(const Definition& definition) {
  int transitions = 0;
  for (const State& state : definition.states) ForEachArm(state, [&](ArmKind, const TransitionArm&) { ++transitions; });
  return transitions;
}

void ExpectComplete(const Definition& definition, const SvgElement& svg, const std::string& what) {
  std::multiset<std::string> ids;
  int transitions = 0;
  svg.ForEach([&](const SvgElement& element) {
    if (!element.Get("id").empty()) ids.insert(element.Get("id"));
    transitions += element.HasClass("transition") && !element.HasClass("begin") ? 1 : 0;
  });
  for (const std::string& id : ids) EXPECT_EQ(ids.count(id), 1U) << what << ": " << id;
  for (const State& state : definition.states)
    if (IsReal(state)) EXPECT_EQ(ids.count("state-" + state.name), 1U) << what << ": " << state.name;
  EXPECT_EQ(transitions, TransitionsOf(definition)) << what;
}

TEST(Drawing, HasEveryStateAndTransitionOfTheShippedProcessesOnce) {
  int drawn = 0;
  for (const fs::path& path : ShippedProcesses()) {
    const DefinitionPtr definition = LoadFile(path);
    if (!definition) continue;
    ++drawn;
    for (DrawDirection direction : {DrawDirection::kTopDown, DrawDirection::kLeftRight})
      ExpectComplete(*definition, Read(Draw(BuildChart(*definition), {direction, DrawTheme::kAuto})), path.filename());
  }
  EXPECT_GT(drawn, 5);
}

TEST(Drawing, HasEveryKindWithItsClass) {
  const DefinitionPtr definition = Kinds();
  const SvgElement svg = Read(Draw(BuildChart(*definition)));
  ExpectComplete(*definition, svg, "all kinds");
  const std::pair<const char*, const char*> kinds[] = {{"called", "call"},   {"asked", "ask"},  {"ran", "run"},
                                                       {"sent", "emit"},     {"items", "each"}, {"sides", "parallel"},
                                                       {"box", "composite"}, {"inner", "wait"}, {"which", "choice"},
                                                       {"undo", "rollback"}, {"fine", "end"},   {"lost", "fail"}};
  for (const auto& [name, kind] : kinds) {
    const SvgElement* state = svg.FindId("state-" + std::string(name));
    ASSERT_NE(state, nullptr) << name;
    EXPECT_TRUE(state->HasClass("state") && state->HasClass(kind)) << name << ": " << state->Get("class");
    ASSERT_FALSE(state->children.empty());
    EXPECT_EQ(state->children[0].name, "title");
    EXPECT_EQ(state->children[0].text, name);
  }
  EXPECT_NE(svg.FindId("region-sides-left"), nullptr);
  EXPECT_NE(svg.FindId("start-sides-right"), nullptr);
}

// Without its places and words: which elements, with how many corners, and how round.
std::string ShapeOf(const SvgElement& state) {
  std::string shape;
  for (const SvgElement& part : state.children) {
    if (!part.HasClass("shape") && !part.HasClass("detail")) continue;
    const std::string data = part.Get("d");
    const double round = part.name == "rect" ? std::stod(part.Get("rx")) / std::stod(part.Get("height")) : 0;
    shape += part.name + std::to_string(std::count(data.begin(), data.end(), 'L')) +
             (round > 0.4   ? " round "
              : round > 0.1 ? " soft "
                            : " ") +
             data.substr(0, data.find(' ') == std::string::npos ? 0 : 1);
    // A wedge to the left and one to the right have as many corners.
    if (state.HasClass("rollback") || state.HasClass("emit")) shape += state.HasClass("emit") ? ">" : "<";
  }
  return shape;
}

TEST(Drawing, TellsKindsApartByShapeAlone) {
  const SvgElement svg = Read(Draw(BuildChart(*Kinds())));
  std::set<std::string> shapes;
  for (const char* name : {"called", "asked", "ran", "sent", "inner", "which", "undo", "fine", "lost"}) {
    const std::string shape = ShapeOf(*svg.FindId("state-" + std::string(name)));
    EXPECT_TRUE(shapes.insert(shape).second) << name << " looks like another: " << shape;
  }
}

TEST(Drawing, NamesTransitionsByStateCauseAndTarget) {
  const SvgElement svg = Read(Draw(BuildChart(*Kinds())));
  const std::pair<const char*, const char*> transitions[] = {
      {"transition-called-next-asked", "next"}, {"transition-which-next-undo", "if"},
      {"transition-inner-back-box", "event"},   {"transition-inner-1h30m-inner-end", "timer"},
      {"transition-process-out-lost", "event"}, {"transition-box-2d-inner", "timer"},
      {"transition-box-back", "internal"}};
  for (const auto& [id, css_class] : transitions) {
    const SvgElement* transition = svg.FindId(id);
    ASSERT_NE(transition, nullptr) << id;
    EXPECT_TRUE(transition->HasClass("transition") && transition->HasClass(css_class)) << transition->Get("class");
  }
  const SvgElement* chosen = svg.FindId("transition-which-next-lost");
  ASSERT_NE(chosen, nullptr);
  EXPECT_EQ(chosen->children[0].text, "From which to lost, else.");
}

TEST(Drawing, TransitionsThatLookAlikeGetNumbers) {
  const DefinitionPtr definition = Load(std::string(kHead) +
                                        "events: { e: {} }\nstates:\n  a: { on: { e: [ { if: \"now == now\", go: b }, "
                                        "{ if: \"has(event.data)\", go: b }, b ] } }\n  b: { end: {} }\n");
  const SvgElement svg = Read(Draw(BuildChart(*definition)));
  for (const char* id : {"transition-a-e-b", "transition-a-e-b-2", "transition-a-e-b-3"})
    EXPECT_NE(svg.FindId(id), nullptr) << id;
}

TEST(Drawing, MarksWhatIsUndone) {
  const SvgElement svg = Read(Draw(BuildChart(*Kinds())));
  std::string undo;
  for (const SvgElement& part : svg.FindId("state-called")->children)
    if (part.HasClass("undo")) undo = part.text;
  EXPECT_EQ(undo, "engine.cancel");
  for (const SvgElement& part : svg.FindId("state-asked")->children) EXPECT_FALSE(part.HasClass("undo"));
}

TEST(Drawing, LightsUpActiveStatesAndWhatIsAroundThem) {
  const SvgElement svg = Read(Draw(BuildChart(*Kinds(), {"inner"})));
  std::set<std::string> active;
  svg.ForEach([&](const SvgElement& element) {
    if (element.HasClass("active")) active.insert(element.Get("id"));
  });
  EXPECT_EQ(active, (std::set<std::string>{"state-inner", "state-box"}));
}

TEST(Drawing, KeepsWordsWords) {
  const std::string evil = "</title><script>alert(1)</script> & ]]> \\\" -- {x};\\nB\\N";
  std::string yaml = evil;
  for (std::size_t at = 0; (at = yaml.find('\'', at)) != std::string::npos; at += 2) yaml.insert(at, "'");
  const DefinitionPtr definition =
      Load(std::string(kHead) + "title: '" + yaml + "'\nstates:\n  a: { title: '" + yaml +
           "', next: [ { if: \"'</style>' == '<svg onload=x>'\", go: b }, { go: b } ] }\n  b: { title: '" + yaml +
           "', end: {} }\n");
  ASSERT_NE(definition, nullptr);
  const Chart chart = BuildChart(*definition);
  const SvgElement svg = Read(Draw(chart));
  EXPECT_EQ(svg.children[0].text, evil);
  svg.ForEach([](const SvgElement& element) { EXPECT_NE(element.name, "script"); });

  const std::string mermaid = WriteMermaid(chart, DrawDirection::kTopDown);
  EXPECT_THAT(mermaid, Not(HasSubstr("<script")));
  EXPECT_THAT(mermaid, Not(HasSubstr("alert(1)<")));
  EXPECT_THAT(mermaid, HasSubstr("#60;/title#62;"));
}

struct GraphCloser {
  void operator()(Agraph_t* graph) const { agclose(graph); }
};

TEST(Drawing, WritesDotThatGraphvizReadsAsItIsMeant) {
  const DefinitionPtr definition =
      Load(std::string(kHead) +
           "title: 'a\" ]; x -> y [\\\\'\nstates:\n  a: { title: 'back\\\\slash \" quote', next: b }\n" +
           "  b: { states: { c: { end: {} } }, next: d }\n  d: { end: {} }\n");
  ASSERT_NE(definition, nullptr);
  const std::string dot = WriteDot(BuildChart(*definition), DrawDirection::kLeftRight);
  const std::unique_ptr<Agraph_t, GraphCloser> graph(agmemread(dot.c_str()));
  ASSERT_NE(graph, nullptr) << dot;
  EXPECT_EQ(agnnodes(graph.get()), 5);  // two dots, a, c, d
  EXPECT_EQ(agnedges(graph.get()), 4);  // out of two dots, a to b, b to d
  char id[] = "state-a", classes[] = "class";
  Agnode_t* node = agnode(graph.get(), id, 0);
  ASSERT_NE(node, nullptr);
  EXPECT_STREQ(agget(node, classes), "state choice");
}

TEST(Drawing, WritesMermaidWithNestingRegionsAndCauses) {
  const std::string mermaid = WriteMermaid(BuildChart(*Kinds()), DrawDirection::kLeftRight);
  EXPECT_EQ(mermaid.find("stateDiagram-v2\n  direction LR\n"), 0U);
  EXPECT_THAT(mermaid, HasSubstr("<<choice>>"));
  EXPECT_THAT(mermaid, HasSubstr("    --\n"));
  EXPECT_THAT(mermaid, HasSubstr(": after 1h30m"));
  EXPECT_THAT(mermaid, HasSubstr(": on out"));
  EXPECT_THAT(mermaid, HasSubstr(": if 1 == 1"));
  EXPECT_EQ(std::count(mermaid.begin(), mermaid.end(), '{'), std::count(mermaid.begin(), mermaid.end(), '}'));
}

TEST(Drawing, ThemesDifferInColoursOnly) {
  const Chart chart = BuildChart(*Kinds());
  const std::string light = Draw(chart, {DrawDirection::kTopDown, DrawTheme::kLight});
  const std::string dark = Draw(chart, {DrawDirection::kTopDown, DrawTheme::kDark});
  const std::string both = Draw(chart, {DrawDirection::kTopDown, DrawTheme::kAuto});
  EXPECT_NE(light, dark);
  EXPECT_EQ(light.substr(light.find("</style>")), dark.substr(dark.find("</style>")));
  EXPECT_THAT(light, Not(HasSubstr("prefers-color-scheme")));
  EXPECT_THAT(dark, Not(HasSubstr("prefers-color-scheme")));
  EXPECT_THAT(both, HasSubstr("@media (prefers-color-scheme: dark)"));
}

// What is drawn, wherever it stands.
std::multiset<std::string> WordsAndIds(const SvgElement& svg) {
  std::multiset<std::string> found;
  svg.ForEach([&](const SvgElement& element) {
    if (!element.Get("id").empty()) found.insert("#" + element.Get("id"));
    if (element.name == "text") found.insert(element.text);
  });
  return found;
}

TEST(Drawing, ThePicturesInTheDocumentationShowTheProcessAsItIs) {
  const fs::path root = FERMATA_SOURCE_DIR;
  const DefinitionPtr definition = LoadFile(root / "processes/signup.yaml");
  ASSERT_NE(definition, nullptr);
  const SvgElement drawn = Read(Draw(BuildChart(*definition), {DrawDirection::kLeftRight, DrawTheme::kAuto}));
  for (const char* theme : {"light", "dark"}) {
    const std::string picture = "docs/pictures/signup-" + std::string(theme) + ".svg";
    EXPECT_EQ(WordsAndIds(Read(ReadText(root / picture))), WordsAndIds(drawn))
        << "fermata draw processes/signup.yaml --direction lr --theme " << theme << " -o " << picture;
  }
}

bool Overlap(const DrawBox& a, const DrawBox& b) {
  return a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;
}

TEST(Drawing, StatesDoNotOverlapAndStandInsideTheirFrames) {
  for (const fs::path& path : ShippedProcesses()) {
    const DefinitionPtr definition = LoadFile(path);
    if (!definition) continue;
    const MeasuredChart measured = Measure(BuildChart(*definition), DrawDirection::kTopDown);
    const Result<Layout> layout = LayOutWithGraphviz(measured.request);
    ASSERT_TRUE(layout.ok()) << path;
    for (std::size_t i = 0; i < layout->nodes.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j)
        EXPECT_FALSE(Overlap(layout->nodes[i], layout->nodes[j])) << path << " " << i << " " << j;
      if (measured.request.nodes[i].cluster == -1) continue;
      const DrawBox& frame = layout->clusters[static_cast<std::size_t>(measured.request.nodes[i].cluster)];
      const Outline inside{frame, 0, {}};
      EXPECT_TRUE(inside.Contains({layout->nodes[i].x, layout->nodes[i].y})) << path << " " << i;
      EXPECT_TRUE(inside.Contains(layout->nodes[i].center())) << path << " " << i;
    }
    for (std::size_t i = 0; i < layout->clusters.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (measured.request.clusters[i].parent == measured.request.clusters[j].parent)
          EXPECT_FALSE(Overlap(layout->clusters[i], layout->clusters[j])) << path;
  }
}

TEST(Drawing, TextFitsIntoItsShape) {
  const Chart chart = BuildChart(
      *Load(std::string(kHead) + "states:\n  an-unusually-long-name-of-a-state-that-nobody-would-choose:\n    title: " +
            "Many words that go on and on until they do not fit into any box that anybody would want to look at in a "
            "drawing" +
            "\n    next: b\n  b: { fail: an-unusually-long-name-of-an-error-that-nobody-would-choose }\n"));
  const MeasuredChart measured = Measure(chart, DrawDirection::kTopDown);
  for (std::size_t i = 0; i < chart.states.size(); ++i) {
    const MeasuredState& state = measured.states[i];
    const LayoutRequest::Node& node = measured.request.nodes[static_cast<std::size_t>(state.node)];
    const Outline outline = OutlineOf(chart.states[i].kind, {0, 0, node.width, node.height});
    for (double side : {-0.5, 0.5})
      EXPECT_TRUE(outline.Contains({node.width / 2 + side * state.text_width, node.height / 2}))
          << chart.states[i].name;
    EXPECT_LT(node.width, 400) << chart.states[i].name;
    EXPECT_LE(state.text_height, node.height);
  }
  EXPECT_TRUE(measured.states[1].lines.back().text.ends_with("…") || chart.states[1].kind == ChartKind::kChoice);
}

TEST(Drawing, LinesBeginAndEndAtTheOutline) {
  for (ChartKind kind : {ChartKind::kCall, ChartKind::kChoice, ChartKind::kWait, ChartKind::kEmit, ChartKind::kEnd,
                         ChartKind::kFail, ChartKind::kRollback}) {
    const Outline outline = OutlineOf(kind, {0, 0, 120, 60});
    EXPECT_TRUE(outline.Contains({60, 30}));
    EXPECT_FALSE(outline.Contains({130, 30}));
    const Curve curve = ClipStart({{60, 30}, {90, 40}, {200, 60}, {300, 300}}, outline);
    ASSERT_EQ(curve.size(), 4U);
    EXPECT_FALSE(outline.Contains(curve.front()));
    EXPECT_TRUE(outline.Contains({curve.front().x - 0.1, curve.front().y - 0.1}));
    EXPECT_EQ(curve.back().x, 300);
  }
  const Outline everything{{-1000, -1000, 3000, 3000}, 0, {}};
  EXPECT_EQ(ClipEnd({{0, 0}, {1, 1}, {2, 2}, {3, 3}}, everything).size(), 4U);
}

TEST(Drawing, ArrowsPointWhereTheLineGoes) {
  Curve curve = {{0, 0}, {30, 0}, {60, 0}, {100, 0}};
  const std::vector<DrawPoint> arrow = CutArrow(curve, 9, 8);
  ASSERT_EQ(arrow.size(), 3U);
  EXPECT_NEAR(arrow[0].x, 100, 1e-6);
  EXPECT_NEAR(arrow[1].x, 91, 1e-3);
  EXPECT_NEAR(std::abs(arrow[1].y - arrow[2].y), 8, 1e-3);
  EXPECT_NEAR(curve.back().x, 91, 1e-3);
}

TEST(Drawing, RefusesWhatCannotBeLaidOutInTime) {
  LayoutRequest request;
  request.nodes.push_back({10, 10});
  request.edges.resize(kDrawnEdgesMax + 1);
  const Result<Layout> layout = LayOutWithGraphviz(request);
  ASSERT_FALSE(layout.ok());
  EXPECT_EQ(layout.error().code, kDrawingTooLarge);
}

TEST(Drawing, LargeOnesHaveStraightLines) {
  LayoutRequest request;
  for (int i = 0; i <= 210; ++i) request.nodes.push_back({40, 20});
  for (int i = 0; i < 210; ++i) request.edges.push_back({i / 2, i + 1, 30, 16});
  const Result<Layout> layout = LayOutWithGraphviz(request);
  ASSERT_TRUE(layout.ok());
  for (const Layout::Edge& edge : layout->edges) {
    ASSERT_EQ(edge.curve.size(), 4U);
    const DrawPoint from = edge.curve.front(), to = edge.curve.back();
    for (const DrawPoint& point : edge.curve)
      EXPECT_NEAR((to.x - from.x) * (point.y - from.y), (to.y - from.y) * (point.x - from.x), 1);
  }
}

TEST(Drawing, IsTheSameInEveryThread) {
  const Chart chart = BuildChart(*Kinds());
  const std::string expected = Draw(chart);
  std::vector<std::string> drawn(4);
  std::vector<std::thread> threads;
  for (std::string& one : drawn)
    threads.emplace_back([&one, &chart] {
      for (int i = 0; i < 5; ++i) one = Draw(chart);
    });
  for (std::thread& thread : threads) thread.join();
  for (const std::string& one : drawn) EXPECT_EQ(one, expected);
}

TEST(Drawing, TellsWhenATimerFiresInFewWords) {
  const DefinitionPtr definition =
      Load(std::string(kHead) +
           "vars: { patience: 1h }\nstates:\n  a: { after: { \"${duration(patience)}\": b } }\n"
           "  b: { after: { \"${timestamp(input.due)}\": c } }\n  c: { after: { \"${now + duration('1h')}\": d } }\n"
           "  d: { end: {} }\n");
  const std::string mermaid = WriteMermaid(BuildChart(*definition), DrawDirection::kTopDown);
  EXPECT_THAT(mermaid, HasSubstr(": after patience\n"));
  EXPECT_THAT(mermaid, HasSubstr(": after input.due\n"));
  EXPECT_THAT(mermaid, HasSubstr(": after now + duration('1h')\n"));
}

TEST(Drawing, DirectionsDiffer) {
  const DefinitionPtr definition =
      Load(std::string(kHead) + "states: { a: { after: { 1s: b } }, b: { after: { 1s: c } }, c: { end: {} } }\n");
  const auto size = [&](DrawDirection direction) {
    const SvgElement svg = Read(Draw(BuildChart(*definition), {direction, DrawTheme::kLight}));
    return std::stod(svg.Get("width")) / std::stod(svg.Get("height"));
  };
  EXPECT_GT(size(DrawDirection::kLeftRight), 1.5);
  EXPECT_LT(size(DrawDirection::kTopDown), 0.8);
}

}  // namespace
}  // namespace fermata
