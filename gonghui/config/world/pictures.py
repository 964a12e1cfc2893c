"""What the demo's suppliers took photographs of, drawn here: flat with depth, one disc of light, no words in them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from PIL import Image, ImageColor, ImageDraw, ImageFilter, ImageOps

from gonghui.mall.pictures import Drawn, drawn

SIDE, SUBJECT = 640, 1000
Pen = ImageDraw.ImageDraw
Box = tuple[float, float, float, float]


def pictures_of(subject: str, ground: str, count: int) -> Iterator[Drawn]:
    """One alone, three together, and close by; as many of them as are asked for."""
    layer = Image.new("RGBA", (SUBJECT, SUBJECT))
    SUBJECTS[subject](ImageDraw.Draw(layer))
    views = (
        ((0.76, 0.5, 0.53),),
        ((0.46, 0.27, 0.5), (0.46, 0.73, 0.5), (0.58, 0.5, 0.6)),
        ((1.3, 0.56, 0.62),),
    )
    for nth, places in enumerate(views[:count]):
        yield drawn(_scene(layer, _mixed(ground, "#ffffff", 0.25 * nth), places))


def _scene(layer: Image.Image, ground: str, places: tuple[tuple[float, float, float], ...]) -> Image.Image:
    light = ImageOps.colorize(Image.linear_gradient("L"), _mixed(ground, "#ffffff", 0.55), ground)
    scene = light.resize((SIDE, SIDE), Image.Resampling.BILINEAR)
    pen = ImageDraw.Draw(scene)
    pen.ellipse(_round(0.68 * SIDE, 0.33 * SIDE, 0.3 * SIDE), fill=_mixed(ground, "#ffffff", 0.7))
    pen.ellipse((-0.3 * SIDE, 0.74 * SIDE, 1.3 * SIDE, 1.5 * SIDE), fill=_mixed(ground, "#ffffff", 0.35))
    for scale, x, y in places:
        side = round(scale * SIDE)
        small = layer.resize(
            (side, side), Image.Resampling.BOX if side < SUBJECT // 2 else Image.Resampling.BILINEAR
        )
        left, top = round(x * SIDE - side / 2), round(y * SIDE - side / 2)
        scene = Image.composite(
            Image.new("RGB", scene.size, _mixed(ground, "#3a2a20", 0.6)), scene, _shadow(x, top, side)
        )
        scene.paste(small, (left, top), small)
    return scene


def _shadow(x: float, top: int, side: int) -> Image.Image:
    """Soft, under it; blurred small."""
    mask = Image.new("L", (SIDE // 6, SIDE // 6))
    middle, foot, half = x * SIDE / 6, (top + 0.87 * side) / 6, 0.36 * side / 6
    ImageDraw.Draw(mask).ellipse((middle - half, foot - half / 5, middle + half, foot + half / 5), fill=120)
    return mask.filter(ImageFilter.GaussianBlur(3)).resize((SIDE, SIDE), Image.Resampling.BILINEAR)


def _mixed(one: str, other: str, share: float) -> str:
    pairs = zip(ImageColor.getrgb(one), ImageColor.getrgb(other), strict=True)
    return "#" + "".join(f"{round(a + (b - a) * share):02x}" for a, b in pairs)


def _round(x: float, y: float, radius: float) -> Box:
    return (x - radius, y - radius, x + radius, y + radius)


def _solid(pen: Pen, box: Box, colour: str, radius: float = 30) -> None:
    """With light on its left and shade on its right."""
    left, top, right, bottom = box
    edge = (right - left) * 0.1
    pen.rounded_rectangle(box, radius, fill=_mixed(colour, "#000000", 0.14))
    pen.rounded_rectangle((left, top, right - edge, bottom), radius, fill=colour)
    pen.rounded_rectangle(
        (left + edge, top + 26, left + edge * 1.35, bottom - 26), 8, fill=_mixed(colour, "#ffffff", 0.4)
    )


def _ball(pen: Pen, x: float, y: float, radius: float, colour: str) -> None:
    pen.ellipse(_round(x, y, radius), fill=_mixed(colour, "#000000", 0.16))
    pen.ellipse(_round(x - radius * 0.07, y - radius * 0.07, radius * 0.9), fill=colour)
    pen.ellipse(
        _round(x - radius * 0.36, y - radius * 0.4, radius * 0.2), fill=_mixed(colour, "#ffffff", 0.6)
    )


def _leaf(pen: Pen, x: float, y: float, length: float, colour: str = "#5f9a4c") -> None:
    pen.chord((x, y - length * 0.6, x + length, y + length * 0.6), 180, 300, fill=colour)
    pen.line(
        (x + length * 0.02, y - 4, x + length * 0.62, y - length * 0.42),
        fill=_mixed(colour, "#000000", 0.25),
        width=6,
    )


def _weave(pen: Pen, colour: str = "#b9813f") -> None:
    """A basket's front."""
    pen.polygon([(140, 560), (860, 560), (770, 880), (230, 880)], fill=colour)
    for nth, y in enumerate(range(610, 880, 54)):
        for x in range(200 + 28 * (nth % 2), 790, 56):
            pen.rounded_rectangle((x, y, x + 34, y + 22), 8, fill=_mixed(colour, "#ffffff", 0.28))
    pen.rounded_rectangle((110, 530, 890, 600), 34, fill=_mixed(colour, "#000000", 0.15))


# --- subjects -----------------------------------------------------------------------------------------------


def gift(pen: Pen) -> None:
    _solid(pen, (170, 420, 830, 870), "#c5321c")
    _solid(pen, (130, 310, 870, 460), "#d9553f", 26)
    pen.rectangle((452, 310, 548, 870), fill="#f0b954")
    for left in (290, 500):
        pen.ellipse((left, 170, left + 210, 320), fill="#f6c667")
        pen.ellipse((left + 60, 210, left + 150, 290), fill="#c98d2b")
    pen.ellipse(_round(500, 300, 46), fill="#f0b954")


def hamper(pen: Pen) -> None:
    pen.arc((220, 90, 780, 900), 180, 360, fill="#8a5a2b", width=34)
    _solid(pen, (230, 330, 400, 640), "#c5321c", 20)
    _solid(pen, (410, 260, 590, 640), "#e9c46a", 60)
    pen.rectangle((430, 350, 570, 430), fill="#fff6e0")
    _solid(pen, (610, 380, 780, 640), "#3a7d44", 20)
    for x, y in ((330, 520), (470, 500), (560, 530), (690, 510)):
        _ball(pen, x, y, 66, "#8a4b25")
    _weave(pen)


def cake(pen: Pen) -> None:
    pen.ellipse((110, 730, 890, 900), fill="#f7f3ee")
    _solid(pen, (200, 430, 800, 820), "#fbe3d6", 40)
    pen.ellipse((200, 340, 800, 520), fill="#fffaf5")
    for nth, x in enumerate(range(230, 790, 80)):
        pen.rounded_rectangle((x, 430, x + 52, 540 + 46 * (nth % 2)), 26, fill="#fffaf5")
    pen.rectangle((200, 660, 800, 700), fill="#e58f86")
    for x, y in ((320, 390), (420, 350), (540, 345), (660, 375), (590, 420), (440, 430)):
        _ball(pen, x, y, 46, "#d63a36")
    pen.rounded_rectangle((490, 150, 516, 340), 10, fill="#8fb8de")
    pen.ellipse((478, 80, 528, 160), fill="#f6b13d")


def sack(pen: Pen) -> None:
    pen.polygon([(330, 130), (670, 130), (620, 250), (380, 250)], fill="#efe2c6")
    _solid(pen, (220, 230, 780, 880), "#f5ead2", 90)
    pen.rounded_rectangle((370, 225, 630, 275), 20, fill="#c5321c")
    pen.ellipse((310, 400, 690, 780), fill="#3a7d44")
    for x, y in (
        (430, 520),
        (500, 480),
        (570, 520),
        (460, 600),
        (540, 600),
        (500, 670),
        (410, 640),
        (590, 650),
    ):
        pen.ellipse((x - 24, y - 44, x + 24, y + 44), fill="#fdf6e3")


def bottle(pen: Pen) -> None:
    pen.rounded_rectangle((420, 90, 580, 190), 22, fill="#c5321c")
    pen.polygon([(440, 180), (560, 180), (700, 380), (300, 380)], fill="#eeb341")
    _solid(pen, (290, 340, 710, 890), "#eeb341", 70)
    pen.rounded_rectangle((290, 500, 710, 760), 10, fill="#fff8e6")
    for x in (420, 500, 580):
        pen.ellipse((x - 46, 570, x + 46, 690), fill="#c98d2b")
        pen.line((x, 580, x, 680), fill="#a66a00", width=8)
    pen.arc((560, 220, 800, 480), 270, 90, fill="#d99a2b", width=36)


def jug(pen: Pen) -> None:
    pen.rounded_rectangle((330, 110, 520, 260), 24, fill="#f4f7fb")
    pen.polygon([(300, 240), (550, 240), (760, 440), (240, 440)], fill="#2f74b5")
    _solid(pen, (230, 400, 770, 890), "#2f74b5", 70)
    pen.rounded_rectangle((590, 400, 690, 600), 46, fill="#d7e6f4")
    pen.ellipse((290, 540, 570, 820), fill="#f4f7fb")
    for x, y, radius in ((380, 690, 60), (470, 630, 44), (470, 740, 34)):
        pen.ellipse(_round(x, y, radius), fill="#8fc1ea")


def fish(pen: Pen) -> None:
    pen.rounded_rectangle((90, 330, 910, 890), 60, fill="#d9b88a")
    pen.rounded_rectangle((130, 370, 870, 850), 44, fill="#c29b66")
    for nth, y in enumerate((450, 610, 770)):
        body = ("#8c7a5e", "#9d8766", "#7d6c54")[nth]
        pen.polygon([(700, y), (830, y - 60), (800, y), (830, y + 60)], fill=body)
        pen.ellipse((180, y - 62, 740, y + 62), fill=body)
        pen.chord((180, y - 62, 740, y + 62), 10, 170, fill=_mixed(body, "#ffffff", 0.35))
        pen.ellipse(_round(250, y - 14, 16), fill="#fff")
        for x in range(360, 640, 70):
            pen.arc((x, y - 44, x + 60, y + 20), 250, 80, fill=_mixed(body, "#000000", 0.3), width=7)


def tin(pen: Pen) -> None:
    _solid(pen, (270, 250, 730, 850), "#7a2e22", 20)
    pen.ellipse((270, 790, 730, 900), fill="#64241a")
    pen.rectangle((270, 420, 730, 740), fill="#f3dfb8")
    pen.ellipse((270, 190, 730, 310), fill="#9b4433")
    pen.ellipse((440, 150, 560, 240), fill="#e0ac4e")
    for x, y in ((420, 620), (520, 580), (470, 680)):
        _leaf(pen, x, y, 140, "#4f7d3c")


def quilt(pen: Pen) -> None:
    for nth, (colour, left) in enumerate(
        (("#cfdceb", 130), ("#f3e7e0", 160), ("#9db8d6", 140), ("#f7f3ee", 180))
    ):
        top = 760 - nth * 120
        _solid(pen, (left, top, 1000 - left, top + 130), colour, 56)
        for x in range(left + 130, 900 - left, 110):
            pen.ellipse(_round(x, top + 66, 11), fill=_mixed(colour, "#5b7fa8", 0.5))
    _solid(pen, (240, 220, 760, 430), "#fdfbf8", 90)
    pen.rounded_rectangle((300, 270, 700, 380), 50, outline="#d9c9bd", width=8)


def pouch(pen: Pen) -> None:
    pen.polygon([(240, 200), (760, 200), (810, 880), (190, 880)], fill="#b5452f")
    pen.rectangle((240, 150, 760, 220), fill="#8f3323")
    pen.polygon([(300, 240), (340, 240), (310, 840), (255, 840)], fill="#cf6d57")
    pen.ellipse((310, 380, 690, 760), fill="#fbeee2")
    for x, y in ((430, 500), (560, 490), (500, 590), (400, 620), (600, 620), (470, 690), (560, 700)):
        _ball(pen, x, y, 62, "#9c4a3c")
    _leaf(pen, 520, 420, 150)


def jar(pen: Pen) -> None:
    _solid(pen, (250, 300, 750, 880), "#e39a1f", 90)
    pen.rounded_rectangle((270, 160, 730, 310), 30, fill="#f5f0e6")
    pen.rectangle((270, 240, 730, 290), fill="#d9cdb8")
    for x, y in ((500, 520), (410, 570), (590, 570), (410, 680), (590, 680), (500, 730), (500, 625)):
        pen.regular_polygon((x, y, 54), 6, rotation=30, fill="#f9d98c", outline="#b87412", width=8)


def pomelo(pen: Pen) -> None:
    for x, y, radius in ((330, 620, 220), (690, 640, 200), (520, 400, 210)):
        _ball(pen, x, y, radius, "#c9cf57")
    _leaf(pen, 520, 210, 200)
    pen.ellipse(_round(620, 760, 140), fill="#e6dd8c")
    pen.ellipse(_round(620, 760, 118), fill="#fff4ec")
    for turn in range(0, 360, 45):
        pen.pieslice(_round(620, 760, 106), turn + 4, turn + 41, fill="#f0a08c")


def sachets(pen: Pen) -> None:
    for nth, x in enumerate((170, 350, 530)):
        _solid(
            pen,
            (x, 180 + 40 * (nth % 2), x + 250, 640 + 40 * (nth % 2)),
            ("#7fa35b", "#a9bf6a", "#5f8a4c")[nth],
            14,
        )
        pen.ellipse(_round(x + 125, 400 + 40 * (nth % 2), 74), fill="#f6f2dc")
        _leaf(pen, x + 80, 440 + 40 * (nth % 2), 110, "#4f7d3c")
    pen.arc((640, 640, 880, 840), 270, 90, fill="#fdfbf8", width=36)
    pen.pieslice((240, 420, 780, 980), 0, 180, fill="#fdfbf8")
    pen.ellipse((240, 640, 780, 770), fill="#efe9df")
    pen.ellipse((280, 660, 740, 750), fill="#8a5a2b")


def basket(pen: Pen) -> None:
    pen.arc((200, 60, 800, 960), 180, 360, fill="#8a5a2b", width=34)
    fruits = ((260, 500, "#d63a36"), (420, 440, "#f0a23b"), (590, 450, "#c9cf57"), (740, 500, "#d63a36"))
    for x, y, colour in (*fruits, (340, 570, "#f0a23b"), (500, 560, "#d63a36"), (660, 570, "#f0a23b")):
        _ball(pen, x, y, 96, colour)
    _leaf(pen, 430, 350, 140)
    _leaf(pen, 660, 400, 120)
    _weave(pen, "#c08a4a")


SUBJECTS: dict[str, Callable[[Pen], None]] = {
    one.__name__: one
    for one in (gift, hamper, cake, sack, bottle, jug, fish, tin, quilt, pouch, jar, pomelo, sachets, basket)
}
