-- SPDX-License-Identifier: MIT
-- style.lua - how the page and the drawing look. The colours tell which keys protect a message: none, those of early
-- data, of the handshake, of the application data. They stand off from their grounds by 4.5 to 1 or more (WCAG 1.4.3).
local style = {}

style.colours = [[
:root { color-scheme: light dark;
  --ground: #ffffff; --panel: #f5f6f8; --text: #1b1f24; --muted: #57606a; --rule: #d0d7de;
  --none: #57606a; --early: #7a3fc0; --handshake: #9a5700; --application: #116f37;
  --none-soft: #eceff2; --early-soft: #f3ebfc; --handshake-soft: #fdf1dd; --application-soft: #e2f5e8;
  --bad: #b3261e; --bad-soft: #fdeceb; --link: #0b57b0; }
@media (prefers-color-scheme: dark) { :root {
  --ground: #14171c; --panel: #1d2229; --text: #e6e9ed; --muted: #a2abb6; --rule: #3a424d;
  --none: #a2abb6; --early: #c6a2f5; --handshake: #f0b65c; --application: #6cd391;
  --none-soft: #262c34; --early-soft: #2c2140; --handshake-soft: #35290f; --application-soft: #12301d;
  --bad: #ff938a; --bad-soft: #3b1715; --link: #82b8ff; } }
]]

style.page = style.colours .. [[
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text); overflow-wrap: anywhere;
  font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif; }
header, main, footer { max-width: 54rem; margin: 0 auto; padding: 0 1.25rem; }
body.wide :is(header, main, footer) { max-width: 88rem; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: 1.75rem 0 .25rem; }
h2 { font-size: 1.2rem; margin: 0 0 .75rem; }
a { color: var(--link); }
code, pre, .v, .mono { font-family: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.v { unicode-bidi: isolate; font-size: .86em; }
.sub, .meta, .note, footer { color: var(--muted); }
.sub { margin: 0 0 1rem; }
.verdict { border-left: .3rem solid var(--application); background: var(--application-soft); margin: 0 0 1rem;
  padding: .6rem 1rem; border-radius: .3rem; }
.verdict.bad { border-color: var(--bad); background: var(--bad-soft); }
.verdict p { margin: .15rem 0; }
.legend { display: flex; flex-wrap: wrap; gap: .3rem 1.1rem; margin: 0 0 1.5rem; padding: 0; list-style: none;
  font-size: .86rem; color: var(--muted); }
.legend li::before { content: ""; display: inline-block; width: 1.5rem; height: .25rem; margin-right: .45rem;
  border-radius: .1rem; vertical-align: middle; background: var(--k); }
.none { --k: var(--none); --soft: var(--none-soft); }
.early { --k: var(--early); --soft: var(--early-soft); }
.handshake { --k: var(--handshake); --soft: var(--handshake-soft); }
.application { --k: var(--application); --soft: var(--application-soft); }
.fatal { --k: var(--bad); --soft: var(--bad-soft); }
table { border-collapse: collapse; width: 100%; margin: 0 0 1.5rem; }
th, td { text-align: left; padding: .4rem .75rem .4rem 0; border-bottom: 1px solid var(--rule); vertical-align: top; }
thead th { font-size: .82rem; color: var(--muted); font-weight: 600; }
.dots { color: var(--handshake); letter-spacing: .1em; white-space: nowrap; }
.bar { display: block; width: 100%; height: .45rem; margin-top: .3rem; }
.bar rect { fill: var(--handshake); }
.ladders { display: grid; gap: 2.5rem 2rem; grid-template-columns: minmax(0, 1fr); }
@media (min-width: 62rem) { .wide .ladders { grid-template-columns: repeat(2, minmax(0, 1fr)); } }
.ladder { min-width: 0; }
.facts { display: flex; flex-wrap: wrap; gap: .35rem; margin: 0 0 1rem; padding: 0; list-style: none; }
.facts li { background: var(--panel); border: 1px solid var(--rule); border-radius: 1rem; padding: .05rem .65rem;
  font-size: .82rem; }
.ends { display: flex; justify-content: space-between; font-weight: 600; }
.ends span { background: var(--panel); border: 1px solid var(--rule); border-radius: .35rem; padding: .1rem .7rem; }
.rungs { list-style: none; margin: 0 1rem; padding: 0; }
.rungs > li { padding: .45rem .9rem; border-left: 3px solid var(--none); border-right: 3px solid var(--none); }
.rungs > .ce { border-left-color: var(--early); } .rungs > .ch { border-left-color: var(--handshake); }
.rungs > .ca { border-left-color: var(--application); } .rungs > .sh { border-right-color: var(--handshake); }
.rungs > .sa { border-right-color: var(--application); }
.rungs > .trip { display: flex; align-items: center; gap: .7rem; font-size: .82rem; font-weight: 600;
  color: var(--muted); padding-top: .9rem; }
.trip::after { content: ""; flex: 1; border-top: 1px dashed var(--rule); }
.rungs > .keys { padding-left: 0; padding-right: 0; }
.band { background: var(--soft); color: var(--k); padding: .2rem .9rem; font-size: .8rem; text-align: center; }
.server .band { text-align: right; } .client .band { text-align: left; }
summary { cursor: pointer; list-style: none; border-radius: .3rem; }
summary::-webkit-details-marker { display: none; }
summary:focus-visible { outline: 3px solid var(--link); outline-offset: 3px; }
.label { display: flex; flex-wrap: wrap; gap: 0 .6rem; align-items: baseline; }
.server .label { flex-direction: row-reverse; }
.name { font-weight: 650; }
.name::before { content: "+"; display: inline-block; width: 1.1em; color: var(--muted); font-weight: 400; }
details[open] > summary .name::before { content: "\2212"; }
.lock { width: .75em; height: .9em; fill: var(--k); margin-right: .3em; vertical-align: -.08em; }
.meta { font-size: .82rem; }
.arrow { display: block; position: relative; height: 3px; margin: .35rem -.55rem .4rem; background: var(--k); }
.arrow::after { content: ""; position: absolute; top: -5px; border: 6.5px solid transparent; }
.client .arrow::after { right: -5px; border-left-color: var(--k); border-right-width: 0; border-left-width: 11px; }
.server .arrow::after { left: -5px; border-right-color: var(--k); border-left-width: 0; border-right-width: 11px; }
.client .arrow { margin-right: -.3rem; } .server .arrow { margin-left: -.3rem; }
.why { display: block; font-size: .9rem; color: var(--muted); }
.decision { display: block; font-size: .9rem; font-weight: 550; }
.decision::before { content: "\2192\a0"; color: var(--k); }
.inside { margin: .6rem 0 .4rem; padding: .6rem .8rem; background: var(--panel); border: 1px solid var(--rule);
  border-radius: .35rem; font-size: .9rem; }
.inside p { margin: 0 0 .5rem; }
dl { display: grid; grid-template-columns: minmax(0, 15em) minmax(0, 1fr); gap: .15rem .9rem; margin: 0; }
dt { color: var(--muted); } dd { margin: 0; }
dd > dl { grid-template-columns: minmax(0, 11em) minmax(0, 1fr); border-left: 2px solid var(--rule);
  margin: .3rem 0 .5rem; padding-left: .7rem; }
.note { display: block; font-size: .85em; }
pre { margin: .5rem 0 0; font-size: .74rem; line-height: 1.4; overflow-x: auto; }
.octets { margin-top: .6rem; } .octets > summary { color: var(--link); font-size: .86rem; }
.failure { border: 2px solid var(--bad); background: var(--bad-soft); border-radius: .4rem; padding: .7rem 1rem;
  margin: 1rem 0 0; }
.failure h3 { margin: 0 0 .3rem; color: var(--bad); font-size: 1.05rem; } .failure p { margin: .25rem 0; }
footer { font-size: .82rem; padding-top: 2rem; padding-bottom: 2.5rem; }
@media (max-width: 40rem) {
  header, main, footer { padding: 0 .8rem; } h1 { font-size: 1.3rem; } .rungs { margin: 0 .4rem; }
  .rungs > li { padding-left: .65rem; padding-right: .65rem; } .rungs > .keys { padding-left: 0; padding-right: 0; }
  dl, dd > dl { grid-template-columns: minmax(0, 1fr); } dd { margin-bottom: .3rem; }
  th, td { padding-right: .4rem; font-size: .9rem; } }
@media print { .why, .meta { color: #333; } .ladders { display: block; } }
]]

-- The drawing keeps to itself: it has its colours with it.
style.drawing = style.colours:gsub(":root", "svg") .. [[
.ground { fill: var(--ground); } text { fill: var(--text); font: 13px system-ui, "DejaVu Sans", sans-serif; }
.h { font-size: 17px; font-weight: 600; } .b { font-weight: 600; } .m { fill: var(--muted); font-size: 12px; }
.end { text-anchor: end; } .mid { text-anchor: middle; } .bad { fill: var(--bad); font-weight: 600; }
.none { --k: var(--none); } .early { --k: var(--early); } .handshake { --k: var(--handshake); }
.application { --k: var(--application); } .fatal { --k: var(--bad); }
line, path.a { stroke: var(--k); stroke-width: 2.5; fill: none; } path.t { fill: var(--k); }
.life { stroke-width: 4; } .trip { stroke: var(--rule); stroke-width: 1; stroke-dasharray: 4 4; }
text.k { fill: var(--k); font-size: 12px; }
]]

return style
