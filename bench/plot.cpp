// The report as one SVG.
#include <headrace/bench/report.hpp>
#include <headrace/bench/words.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <string>
#include <vector>

namespace headrace::bench {

namespace {

constexpr double width = 900;
constexpr double left_edge = 240;
constexpr double right_edge = 690;  // of what is drawn; the words stand behind it
constexpr double row_height = 20;
constexpr double curve_height = 220;

std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '&') {
      out += "&amp;";
    } else if (c == '<') {
      out += "&lt;";
    } else if (c == '>') {
      out += "&gt;";
    } else if (c == '"') {
      out += "&quot;";
    } else if (static_cast<unsigned char>(c) >= 0x20) {
      out += c;
    }
  }
  return out;
}

std::string number(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

const char* color_of(Party party) {
  switch (party) {
    case Party::floor:
      return "#8a8f98";
    case Party::headrace:
      return "#1f77d0";
    case Party::rival:
      return "#d9822b";
  }
  return "#000";
}

// Values on a logarithmic scale between two ends.
class LogScale {
 public:
  LogScale(double least, double greatest, double from, double to)
      : low_(std::log10(std::max(least, 1e-9))), from_(from), to_(to) {
    high_ = std::max(std::log10(std::max(greatest, 1e-9)), low_ + 0.05);
  }

  double at(double value) const {
    const double share = (std::log10(std::max(value, 1e-9)) - low_) / (high_ - low_);
    return from_ + std::clamp(share, 0.0, 1.0) * (to_ - from_);
  }

  /// The powers of ten between the ends.
  std::vector<double> ticks() const {
    std::vector<double> all;
    for (double power = std::ceil(low_ - 1e-9); power <= high_ + 1e-9; ++power)
      all.push_back(std::pow(10, power));
    return all;
  }

 private:
  double low_;
  double high_;
  double from_;
  double to_;
};

// Grows downwards.
class Drawing {
 public:
  double y = 10;

  void text(double x, double at, const std::string& words, const std::string& more = {}) {
    body_ += "<text x=\"" + number(x) + "\" y=\"" + number(at) + "\"" + more + ">" +
             escaped(words) + "</text>\n";
  }
  void line(double x1, double y1, double x2, double y2, const std::string& color,
            const char* thickness = "1") {
    body_ += "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) +
             "\" y2=\"" + number(y2) + "\" stroke=\"" + color + "\" stroke-width=\"" + thickness +
             "\"/>\n";
  }
  void bar(double x, double at, double wide, double high, const std::string& color) {
    body_ += "<rect x=\"" + number(x) + "\" y=\"" + number(at) + "\" width=\"" + number(wide) +
             "\" height=\"" + number(high) + "\" fill=\"" + color + "\" rx=\"2\"/>\n";
  }
  void dot(double x, double at, const std::string& color) {
    body_ += "<circle cx=\"" + number(x) + "\" cy=\"" + number(at) + "\" r=\"3\" fill=\"" + color +
             "\"/>\n";
  }
  void path(const std::string& points, const std::string& color) {
    body_ += "<polyline points=\"" + points + "\" fill=\"none\" stroke=\"" + color +
             "\" stroke-width=\"2\"/>\n";
  }

  std::string finished() const {
    const std::string size = "width=\"" + number(width) + "\" height=\"" + number(y + 10) + "\"";
    return "<svg xmlns=\"http://www.w3.org/2000/svg\" " + size + " viewBox=\"0 0 " + number(width) +
           " " + number(y + 10) +
           "\" font-family=\"system-ui, sans-serif\" font-size=\"12\" fill=\"#1c2128\">\n"
           // Its own ground, so that the words are legible on any page.
           "<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\" rx=\"6\"/>\n" +
           body_ + "</svg>\n";
  }

 private:
  std::string body_;
};

constexpr auto to_the_left = " text-anchor=\"end\"";
constexpr auto centred = " text-anchor=\"middle\" fill=\"#6a737d\" font-size=\"10\"";
constexpr auto bold = " font-weight=\"bold\"";
constexpr auto grid = "#e1e4e8";

bool is_measured(const Series& series) {
  return !series.rounds.empty();
}

double p50(const Series& series) {
  return static_cast<double>(series.all().quantile(0.5));
}

void title(Drawing& drawing, const std::string& words) {
  drawing.y += 22;
  drawing.text(14, drawing.y, words, bold);
  drawing.y += 10;
}

void draw_bars(Drawing& drawing, const Figure& figure) {
  std::vector<const Series*> measured;
  double least = 0, greatest = 0;
  for (const Series& series : figure.series) {
    const Histogram all = series.all();
    if (!is_measured(series) || all.quantile(0.5) == 0) continue;
    const auto middle = static_cast<double>(all.quantile(0.5));
    least = measured.empty() ? middle : std::min(least, middle);
    greatest = std::max(greatest, static_cast<double>(all.quantile(0.99)));
    measured.push_back(&series);
  }
  if (measured.empty()) return;
  title(drawing, figure.title);
  // The shortest bar is still one.
  const LogScale scale(least / 2, greatest, left_edge, right_edge);
  const double bottom = drawing.y + row_height * static_cast<double>(measured.size());
  for (const double tick : scale.ticks()) {
    drawing.line(scale.at(tick), drawing.y, scale.at(tick), bottom, grid);
    drawing.text(scale.at(tick), bottom + 12, in_words(tick, figure.unit), centred);
  }
  for (const Series* series : measured) {
    const Histogram all = series->all();
    const double middle = p50(*series);
    const auto late = static_cast<double>(all.quantile(0.99));
    const double centre = drawing.y + row_height / 2;
    drawing.text(left_edge - 8, centre + 4, series->subject, to_the_left);
    drawing.bar(left_edge, drawing.y + 3, std::max(1.0, scale.at(middle) - left_edge),
                row_height - 6, color_of(series->party));
    if (all.count() > series->rounds.size()) {
      drawing.line(scale.at(middle), centre, scale.at(late), centre, "#444c56");
      drawing.line(scale.at(late), centre - 5, scale.at(late), centre + 5, "#444c56", "2");
    }
    std::string words = in_words(middle, figure.unit);
    if (const auto ratio = middle_ratio(figure, *series);
        ratio && series->subject != figure.baseline) {
      words += "  (" + ratio_in_words(*ratio) + ")";
    }
    drawing.text(right_edge + 10, centre + 4, words);
    drawing.y += row_height;
  }
  drawing.y += 22;
}

struct Point {
  double place;
  double value;
};

struct Line {
  Party party = Party::headrace;
  std::vector<Point> points;
};

void draw_lines(Drawing& drawing, const std::map<std::string, Line>& lines, const LogScale& across,
                const LogScale& up) {
  // The same colour for a party, told apart by the name at its end.
  for (const auto& [subject, line] : lines) {
    std::string points;
    for (const Point& point : line.points) {
      points += number(across.at(point.place)) + "," + number(up.at(point.value)) + " ";
      drawing.dot(across.at(point.place), up.at(point.value), color_of(line.party));
    }
    drawing.path(points, color_of(line.party));
    drawing.text(right_edge + 10, up.at(line.points.back().value) + 4, subject,
                 std::string(" fill=\"") + color_of(line.party) + "\"");
  }
}

std::string place_in_words(double place) {
  char text[32];
  if (place >= 1e9) {
    std::snprintf(text, sizeof text, "%gG", place / 1e9);
  } else if (place >= 1e6) {
    std::snprintf(text, sizeof text, "%gM", place / 1e6);
  } else if (place >= 1e3) {
    std::snprintf(text, sizeof text, "%gk", place / 1e3);
  } else {
    std::snprintf(text, sizeof text, "%g", place);
  }
  return text;
}

void draw_curve(Drawing& drawing, const std::vector<const Figure*>& figures) {
  std::map<std::string, Line> lines;
  double first = 0, last = 0, least = 0, greatest = 0;
  for (const Figure* figure : figures) {
    for (const Series& series : figure->series) {
      if (!is_measured(series) || p50(series) <= 0 || figure->place <= 0) continue;
      const Point point{figure->place, p50(series)};
      const bool none_yet = lines.empty();
      first = none_yet ? point.place : std::min(first, point.place);
      least = none_yet ? point.value : std::min(least, point.value);
      last = std::max(last, point.place);
      greatest = std::max(greatest, point.value);
      Line& line = lines[series.subject];
      line.party = series.party;
      line.points.push_back(point);
    }
  }
  if (lines.empty()) return;
  for (auto& [subject, line] : lines) {
    std::sort(line.points.begin(), line.points.end(),
              [](const Point& a, const Point& b) { return a.place < b.place; });
  }
  title(drawing, figures.front()->curve);
  const double top = drawing.y + 6;
  const double bottom = top + curve_height;
  const double left_end = 90;
  const LogScale across(first, last, left_end, right_edge);
  const LogScale up(least / 1.5, greatest * 1.5, bottom, top);
  for (const double tick : up.ticks()) {
    drawing.line(left_end, up.at(tick), right_edge, up.at(tick), grid);
    drawing.text(left_end - 8, up.at(tick) + 4, in_words(tick, figures.front()->unit), to_the_left);
  }
  for (const double tick : across.ticks()) {
    drawing.line(across.at(tick), top, across.at(tick), bottom, grid);
    drawing.text(across.at(tick), bottom + 14, place_in_words(tick), centred);
  }
  draw_lines(drawing, lines, across, up);
  drawing.y = bottom + 22;
}

void draw_legend(Drawing& drawing) {
  drawing.y += 14;
  double x = 14;
  const std::pair<Party, const char*> known[] = {
      {Party::floor, "floor"}, {Party::headrace, "Headrace"}, {Party::rival, "others"}};
  for (const auto& [party, name] : known) {
    drawing.bar(x, drawing.y - 9, 10, 10, color_of(party));
    drawing.text(x + 16, drawing.y, name);
    x += 90;
  }
  drawing.text(x, drawing.y, "bars: p50, marks: p99; logarithmic scales; less is better of times");
}

}  // namespace

std::string plot(const Report& report) {
  Drawing drawing;
  draw_legend(drawing);
  std::map<std::string, std::vector<const Figure*>> curves;
  for (const Figure& figure : report.figures) {
    if (!figure.curve.empty()) curves[figure.curve].push_back(&figure);
  }
  for (const Figure& figure : report.figures) {
    if (figure.curve.empty()) {
      draw_bars(drawing, figure);
    } else if (const auto curve = curves.find(figure.curve); curve != curves.end()) {
      draw_curve(drawing, curve->second);
      curves.erase(curve);
    }
  }
  return drawing.finished();
}

}  // namespace headrace::bench
