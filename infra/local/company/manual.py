"""The TW-300 service manual: one long document, a page a chapter, whose facts stand deep inside."""

from itertools import cycle, islice

_PARTS = (
    ("Shaft", "turned from 1.4057 steel"), ("Impeller", "cast, six blades"), ("Diffuser", "cast, nine vanes"),
    ("Bearing", "deep groove ball bearing 6206"), ("Seal kit", "order number 58-300"), ("Motor", "1.1 kW, two poles"),
    ("Terminal box", "four cable glands M20"), ("Pressure switch", "set to 3.2 bar"), ("Check valve", "spring loaded"),
    ("Strainer", "mesh 2 mm"), ("Coupling", "splined, greased"), ("Base plate", "four holes of 14 mm"),
)  # fmt: skip
_JOBS = ("removing", "inspecting", "cleaning", "measuring", "fitting")
_STEPS = (
    "Switch off the pump and lock the switch.",
    "Close both valves and let the pressure out.",
    "Write down the hours on the counter before you start.",
    "Clean the sealing faces with a soft cloth, never with a blade.",
    "Turn the shaft by hand; it must run without a scraping noise.",
    "Put used parts into the bag with the serial number.",
    "Fill with water, vent, and run for 15 minutes.",
    "Look for drops at the shaft after one hour.",
)
_SPECIAL = {
    12: "Level sensor: order part 300-5518. The resistance at 20 °C is 1,080 ohm.",
    29: "Grease the coupling with 12 g of K2 grease every 4,000 hours.",
    47: "Tighten the casing bolts M10 crosswise with 46 Nm, in three rounds.",
    58: "After 20,000 hours the bearing 6206 is replaced, whatever it sounds like.",
    63: "Pumps from batch 2409 with the NBR O-ring get the EPDM O-ring 300-2207.",
}
PAGES = 64


def text() -> str:
    """In the notation of `document.blocks`, every `# ` beginning a page."""
    first = "# TW-300 service manual\nEdition 7, May 2026. For trained staff only.\n"
    return first + "\n".join(_chapter(page) for page in range(2, PAGES + 1))


def _chapter(page: int) -> str:
    chapter = page - 2
    part, remark = _PARTS[chapter % len(_PARTS)]
    job = _JOBS[chapter // len(_PARTS) % len(_JOBS)]
    steps = islice(cycle(_STEPS), chapter % len(_STEPS), chapter % len(_STEPS) + 5)
    lines = [
        f"# {chapter + 1} {part}: {job}",
        f"The {part.lower()} ({remark}) is part of every TW-300. {job.capitalize()} takes about {10 + chapter % 7 * 5} minutes.",
        "## Steps",
        *(f"- {step}" for step in steps),
        "## Limits",
        "| Value | New | Worn |",
        f"| Play in mm | 0.{chapter % 4 + 1} | 0.{chapter % 4 + 5} |",
        f"| Hours | 0 | {8000 + chapter * 150} |",
    ]
    if page in _SPECIAL:
        lines.append(_SPECIAL[page])
    return "\n".join(lines)
