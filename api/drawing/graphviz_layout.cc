#include "api/drawing/graphviz_layout.h"

#include <graphviz/gvc.h>
#include <graphviz/gvcext.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <string>

#include "api/drawing/codes.h"
#include "engine/model/limits.h"

extern "C" gvplugin_library_t gvplugin_dot_layout_LTX_library;

#if defined(__SANITIZE_ADDRESS__)
// Graphviz forgets what it allocates for lines between frames; the leaks are its own, and LeakSanitizer need not tell of them.
extern "C" const char* __lsan_default_suppressions() { return "leak:libgvc.so\nleak:libgvplugin_dot_layout.so\n"; }
#endif

namespace fermata {
namespace {

constexpr double kPointsPerInch = 72;
// Graphviz sets frames wall to wall: each gives some of its margin away.
constexpr double kFrameMargin = 20, kFrameGap = 6;

// Where Graphviz spends its time: curves around everything took 5 s for 200 lines between 67 states by chance, 0.1 s for 120 lines of a
// real process. Beyond it lines are straight, and its searches shorter the more lines there are: 15 s for 2,000 lines by chance.
constexpr double kCurvesMax = 200;

// Linked in, so that no configuration on the disk says which plug-ins there are, and no font library is loaded.
lt_symlist_t plugins[] = {{"gvplugin_dot_layout_LTX_library", &gvplugin_dot_layout_LTX_library}, {nullptr, nullptr}};

// Graphviz takes strings as char* and copies them.
char* Chars(const std::string& text) { return const_cast<char*>(text.c_str()); }

// A label of this size without any text.
std::string Blank(double width, double height) {
  return "<TABLE BORDER=\"0\" CELLBORDER=\"0\" CELLPADDING=\"0\" CELLSPACING=\"0\" FIXEDSIZE=\"TRUE\" WIDTH=\"" +
         std::to_string(static_cast<int>(width + 0.99)) + "\" HEIGHT=\"" +
         std::to_string(static_cast<int>(height + 0.99)) + "\"><TR><TD></TD></TR></TABLE>";
}

// One graph in Graphviz's hands, from the request to the layout.
class GraphvizGraph {
 public:
  explicit GraphvizGraph(const LayoutRequest& request) : request_(request) {
    agseterr(AGMAX);  // it would print to stderr
    context_ = gvContextPlugins(plugins, 0);
    graph_ = agopen(Chars("chart"), Agdirected, nullptr);
    SetGraph();
    AddClusters();
    AddNodes();
    AddEdges();
  }
  GraphvizGraph(const GraphvizGraph&) = delete;
  GraphvizGraph& operator=(const GraphvizGraph&) = delete;
  ~GraphvizGraph() {
    if (laid_out_) gvFreeLayout(context_, graph_);
    agclose(graph_);
    gvFreeContext(context_);
  }

  bool LayOut() { return laid_out_ = gvLayout(context_, graph_, "dot") == 0; }

  Layout Read() const {
    Layout layout;
    const boxf all = GD_bb(graph_);
    layout.width = all.UR.x - all.LL.x;
    layout.height = all.UR.y - all.LL.y;
    const auto place = [&all](pointf point) { return DrawPoint{point.x - all.LL.x, all.UR.y - point.y}; };
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const DrawPoint center = place(ND_coord(nodes_[i]));
      const LayoutRequest::Node& node = request_.nodes[i];
      layout.nodes.push_back({center.x - node.width / 2, center.y - node.height / 2, node.width, node.height});
    }
    for (Agraph_t* cluster : clusters_) {
      const boxf box = GD_bb(cluster);
      const DrawPoint corner = place({box.LL.x, box.UR.y});
      layout.clusters.push_back({corner.x + kFrameGap, corner.y + kFrameGap, box.UR.x - box.LL.x - 2 * kFrameGap,
                                 box.UR.y - box.LL.y - 2 * kFrameGap});
    }
    for (Agedge_t* edge : edges_) {
      Layout::Edge line;
      if (const splines* curves = ED_spl(edge); curves && curves->size > 0)
        for (int i = 0; i < curves->list[0].size; ++i) line.curve.push_back(place(curves->list[0].list[i]));
      if (const textlabel_t* label = ED_label(edge); label && label->set) line.label = place(label->pos);
      layout.edges.push_back(std::move(line));
    }
    return layout;
  }

 private:
  void SetGraph() {
    Attribute(AGRAPH, "rankdir", request_.direction == DrawDirection::kLeftRight ? "LR" : "TB");
    Attribute(AGRAPH, "nodesep", "0.35");
    Attribute(AGRAPH, "ranksep", request_.direction == DrawDirection::kLeftRight ? "0.45" : "0.4");
    Attribute(AGRAPH, "splines", request_.edges.size() <= kCurvesMax ? "true" : "line");
    Attribute(AGRAPH, "labeljust", "l");
    Attribute(AGRAPH, "labelloc", "t");
    Attribute(AGRAPH, "margin", "0");
    Attribute(AGRAPH, "label", "");
    const auto lines = static_cast<double>(request_.edges.size());
    const std::string patience = std::to_string(lines <= kCurvesMax ? 30 : kCurvesMax / 10 / lines);
    Attribute(AGRAPH, "nslimit", patience);
    Attribute(AGRAPH, "nslimit1", patience);
    Attribute(AGRAPH, "mclimit", lines <= kCurvesMax ? "1" : patience);
    Attribute(AGNODE, "shape", "box");
    Attribute(AGNODE, "fixedsize", "true");
    Attribute(AGNODE, "label", "");
    Attribute(AGNODE, "width", "1");
    Attribute(AGNODE, "height", "1");
    Attribute(AGEDGE, "dir", "none");
    Attribute(AGEDGE, "headclip", "false");
    Attribute(AGEDGE, "tailclip", "false");
    Attribute(AGEDGE, "label", "");
    Attribute(AGEDGE, "weight", "1");
    Attribute(AGEDGE, "minlen", "1");
  }

  void Attribute(int kind, const std::string& name, const std::string& otherwise) {
    agattr(graph_, kind, Chars(name), Chars(otherwise));
  }

  static void Set(void* object, const std::string& name, const std::string& value) {
    agset(object, Chars(name), Chars(value));
  }

  void SetLabel(void* object, double width, double height) {
    char* label = agstrdup_html(graph_, Chars(Blank(width, height)));
    agset(object, Chars("label"), label);
    agstrfree(graph_, label);
  }

  void AddClusters() {
    for (std::size_t i = 0; i < request_.clusters.size(); ++i) {
      const LayoutRequest::Cluster& cluster = request_.clusters[i];
      Agraph_t* added = agsubg(GraphOf(cluster.parent), Chars("cluster" + std::to_string(i)), 1);
      Set(added, "margin", std::to_string(kFrameMargin));
      if (cluster.label_width > 0) SetLabel(added, cluster.label_width, cluster.label_height);
      clusters_.push_back(added);
    }
  }

  Agraph_t* GraphOf(int cluster) const { return cluster == -1 ? graph_ : clusters_[static_cast<std::size_t>(cluster)]; }

  void AddNodes() {
    for (std::size_t i = 0; i < request_.nodes.size(); ++i) {
      const LayoutRequest::Node& node = request_.nodes[i];
      Agnode_t* added = agnode(GraphOf(node.cluster), Chars("n" + std::to_string(i)), 1);
      Set(added, "width", std::to_string(node.width / kPointsPerInch));
      Set(added, "height", std::to_string(node.height / kPointsPerInch));
      nodes_.push_back(added);
    }
  }

  void AddEdges() {
    for (const LayoutRequest::Edge& edge : request_.edges) {
      Agedge_t* added = agedge(graph_, nodes_[static_cast<std::size_t>(edge.from)],
                               nodes_[static_cast<std::size_t>(edge.to)], nullptr, 1);
      Set(added, "weight", std::to_string(edge.weight));
      if (edge.beside) Set(added, "minlen", "0");
      if (edge.label_width > 0) SetLabel(added, edge.label_width, edge.label_height);
      edges_.push_back(added);
    }
  }

  const LayoutRequest& request_;
  GVC_t* context_ = nullptr;
  Agraph_t* graph_ = nullptr;
  bool laid_out_ = false;
  std::vector<Agraph_t*> clusters_;
  std::vector<Agnode_t*> nodes_;
  std::vector<Agedge_t*> edges_;
};

}  // namespace

Result<Layout> LayOutWithGraphviz(const LayoutRequest& request) {
  if (request.edges.size() > kDrawnEdgesMax)
    return Error{kDrawingTooLarge, "Expected at most " + std::to_string(kDrawnEdgesMax) +
                                       " lines to lay out, but the drawing has " +
                                       std::to_string(request.edges.size()) + "."};
  static std::mutex mutex;
  const std::lock_guard lock(mutex);
  GraphvizGraph graph(request);
  if (!graph.LayOut()) return Error{kLayoutFailed, "Expected a layout of the drawing, but Graphviz gave up."};
  return graph.Read();
}

}  // namespace fermata
