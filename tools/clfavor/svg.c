/* Writes one kind of chart. Measures nothing.
 *
 * Invariant: text is escaped, so that any device name gives a well-formed file. */
#include "svg.h"

#include <math.h>
#include <stdio.h>

#include "host/output.h"

enum {
    WIDTH = 720,
    HEIGHT = 420,
    LEFT = 80,
    RIGHT = 690,
    TOP = 80,
    BOTTOM = 360,
    LINES = 4  // of the grid
};

static void put_text(FILE *f, const char *text)
{
    for (; *text; text++) {
        const unsigned char c = (unsigned char)*text;
        if (c == '&' || c == '<' || c == '>')
            fprintf(f, "&#%d;", c);
        else
            fputc(c < ' ' || c > '~' ? '?' : c, f);
    }
}

/* The next "round" number (1, 2 or 5 times a power of ten) from `value` on. */
static double round_up(double value)
{
    const double power = pow(10, floor(log10(value)));
    const double digit = value / power;
    return power * (digit <= 1 ? 1 : digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
}

static double x_of(const svg_point *points, int count, int64_t L)
{
    const double span = log2((double)points[count - 1].L / (double)points[0].L);
    return LEFT + 20 + (RIGHT - LEFT - 40) * log2((double)L / (double)points[0].L) / fmax(span, 1);
}

static double y_of(double value, double top)
{
    return BOTTOM - (BOTTOM - TOP) * value / top;
}

static void put_head(FILE *f, const char *title, const char *subtitle)
{
    fprintf(f,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" "
            "font-family=\"sans-serif\" font-size=\"13\">\n"
            "<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n"
            "<text x=\"%d\" y=\"30\" font-size=\"17\">",
            WIDTH, HEIGHT, LEFT);
    put_text(f, title);
    fprintf(f, "</text>\n<text x=\"%d\" y=\"52\" fill=\"#555\">", LEFT);
    put_text(f, subtitle);
    fprintf(f, "</text>\n");
}

static void put_axes(FILE *f, const svg_point *points, int count, double top)
{
    for (int i = 0; i <= LINES; i++) {
        const double value = top * i / LINES;
        fprintf(f,
                "<path d=\"M%d %.1fH%d\" stroke=\"#ddd\"/>"
                "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                LEFT, y_of(value, top), RIGHT, LEFT - 8, y_of(value, top) + 4, value);
    }
    for (int i = 0; i < count; i++)
        fprintf(f, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%lld</text>\n",
                x_of(points, count, points[i].L), BOTTOM + 20, (long long)points[i].L);
    fprintf(f,
            "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">tokens</text>\n"
            "<text transform=\"translate(24 %d) rotate(-90)\" text-anchor=\"middle\">"
            "microseconds per token</text>\n",
            (LEFT + RIGHT) / 2, BOTTOM + 44, (TOP + BOTTOM) / 2);
}

clf_status svg_write(const char *path, const char *title, const char *subtitle,
                     const svg_point *points, int count, const clf_log *log)
{
    clfi_output output;
    const clf_status status = clfi_output_open(path, log, &output);
    if (status != CLF_OK)
        return status;
    FILE *f = output.stream;
    double largest = 0;
    for (int i = 0; i < count; i++)
        largest = fmax(largest, points[i].us_per_token);
    const double top = round_up(fmax(largest, 1e-6));
    put_head(f, title, subtitle);
    put_axes(f, points, count, top);
    fprintf(f, "<polyline fill=\"none\" stroke=\"#06c\" stroke-width=\"2\" points=\"");
    for (int i = 0; i < count; i++)
        fprintf(f, "%.1f,%.1f ", x_of(points, count, points[i].L),
                y_of(points[i].us_per_token, top));
    fprintf(f, "\"/>\n");
    for (int i = 0; i < count; i++)
        fprintf(f, "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"4\" fill=\"#06c\"/>\n",
                x_of(points, count, points[i].L), y_of(points[i].us_per_token, top));
    fprintf(f, "</svg>\n");
    return clfi_output_commit(&output, log);
}
