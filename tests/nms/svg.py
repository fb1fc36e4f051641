# SPDX-License-Identifier: ISC
"""svg: two panels over one time axis, as an SVG picture: lines, stacked areas, and moments."""
from xml.sax.saxutils import escape

WIDTH, LEFT, RIGHT = 860, 62, 20
FONT = 'font-family="Helvetica,Arial,sans-serif"'


class Picture:
    def __init__(self, title, seconds, height):
        self.seconds, self.height = seconds, height
        self.parts = []
        self.text(WIDTH / 2, 24, title, size=16, anchor="middle")

    def x(self, time):
        return LEFT + (WIDTH - LEFT - RIGHT) * time / self.seconds

    def text(self, x, y, words, size=12, anchor="start", colour="#333", turn=None):
        turned = ' transform="rotate(%d %.1f %.1f)"' % (turn, x, y) if turn else ""
        self.parts.append('<text x="%.1f" y="%.1f" font-size="%d" %s text-anchor="%s" fill="%s"%s>'
                          '%s</text>' % (x, y, size, FONT, anchor, colour, turned, escape(words)))

    def line(self, x1, y1, x2, y2, colour="#ddd", width=1.0, dash=""):
        self.parts.append('<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" '
                          'stroke-width="%.1f"%s/>' % (
                              x1, y1, x2, y2, colour, width,
                              ' stroke-dasharray="%s"' % dash if dash else ""))

    def moment(self, time, words, colour, top, bottom, level):
        """A vertical line at a time, with its words on the side with more room, level lines down."""
        self.line(self.x(time), top, self.x(time), bottom, colour, 1.5, "5,3")
        side, anchor = (-5, "end") if time > self.seconds * 0.6 else (5, "start")
        self.text(self.x(time) + side, top + 80 + 16 * level, words, 12, anchor, colour)

    def time_axis(self, y):
        for second in range(0, int(self.seconds) + 1, 10):
            self.text(self.x(second), y + 16, "%d s" % second, 11, "middle")

    def svg(self):
        return ('<?xml version="1.0" encoding="UTF-8"?>\n'
                '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" width="%d" '
                'height="%d">\n<rect width="100%%" height="100%%" fill="#fff"/>\n%s\n</svg>\n' % (
                    WIDTH, self.height, WIDTH, self.height, "\n".join(self.parts)))


class Panel:
    """One of the graphs; values from 0 to most."""

    def __init__(self, picture, top, bottom, most, label):
        self.picture, self.top, self.bottom, self.most = picture, top, bottom, most
        for value in range(0, most + 1, 100):
            picture.line(LEFT, self.y(value), WIDTH - RIGHT, self.y(value))
            picture.text(LEFT - 8, self.y(value) + 4, str(value), 11, "end")
        picture.text(16, (top + bottom) / 2, label, 12, "middle", turn=-90)

    def y(self, value):
        return self.bottom - (self.bottom - self.top) * value / self.most

    def _points(self, times, values):
        return ["%.1f,%.1f" % (self.picture.x(time), self.y(value))
                for time, value in zip(times, values)]

    def curve(self, times, values, colour):
        self.picture.parts.append('<polyline fill="none" stroke="%s" stroke-width="2.5" '
                                  'points="%s"/>' % (colour, " ".join(self._points(times, values))))

    def area(self, times, below, above, colour):
        points = self._points(times, above) + self._points(times, below)[::-1]
        self.picture.parts.append('<polygon fill="%s" fill-opacity="0.75" points="%s"/>' % (
            colour, " ".join(points)))

    def legend(self, names):
        """[(name, colour)] at the left, half way up."""
        x = LEFT + 10
        for name, colour in names:
            self.picture.parts.append('<rect x="%d" y="%d" width="12" height="12" fill="%s"/>' % (
                x, self.y(self.most / 2) - 6, colour))
            self.picture.text(x + 17, self.y(self.most / 2) + 4, name)
            x += 27 + 8 * len(name)
