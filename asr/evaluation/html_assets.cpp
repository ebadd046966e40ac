#include "asr/evaluation/html_assets.h"

namespace bivox {

std::string_view html_style() {
  return R"css(
:root{color-scheme:light dark;--bg:#fbfaf8;--fg:#1d2126;--soft:#5c6670;--line:#d9d6d0;--box:#fff;--link:#0a58a6;
--bad:#b3261e;--ins:#8a5a00;--del:#6d3fb0;--good:#1f7a3d;--lit:#ffe9a8;--shade:rgba(0,0,0,.22);
--c0:#0072b2;--c1:#d55e00;--c2:#009e73;--c3:#a8509a;--c4:#8a6d00;--c5:#2e8fc9;--c6:#555;--c7:#b3261e}
@media (prefers-color-scheme:dark){:root{--bg:#14171a;--fg:#e6e4e0;--soft:#a0a8b0;--line:#353b41;--box:#1c2024;
--link:#7db8f0;--bad:#ff8a80;--ins:#e5b454;--del:#c0a0f5;--good:#6fcf8f;--lit:#5a4a10;--shade:rgba(255,255,255,.2);
--c0:#56b4e9;--c1:#f0883e;--c2:#2fc79a;--c3:#d98cc8;--c4:#d8c04a;--c5:#8cc8f0;--c6:#aaa;--c7:#ff8a80}}
*{box-sizing:border-box}
body{margin:0 auto;padding:0 16px 64px;max-width:1040px;background:var(--bg);color:var(--fg);
font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;overflow-wrap:anywhere}
h1{font-size:1.7rem;line-height:1.2;margin:28px 0 4px}h2{font-size:1.3rem;margin:44px 0 8px;padding-top:12px;
border-top:1px solid var(--line)}h3{font-size:1.05rem;margin:24px 0 6px}
p{max-width:70ch;margin:8px 0}.soft,figcaption,caption{color:var(--soft);font-size:.9rem}
a{color:var(--link)}nav ul{padding-left:0;list-style:none;display:flex;flex-wrap:wrap;gap:2px 16px;margin:12px 0}
.sum{margin:14px 0;padding:12px 16px 12px 34px;background:var(--box);border:1px solid var(--line);border-radius:10px;max-width:80ch}
.sum li{margin:3px 0}.sum li:first-child{font-weight:600}
.scroll,.time{overflow-x:auto;margin:10px 0;background:linear-gradient(to right,var(--edge) 30%,transparent) 0 0/40px 100% no-repeat local,
linear-gradient(to left,var(--edge) 30%,transparent) 100% 0/40px 100% no-repeat local,
linear-gradient(to right,var(--shade),transparent) 0 0/14px 100% no-repeat scroll,
linear-gradient(to left,var(--shade),transparent) 100% 0/14px 100% no-repeat scroll;--edge:var(--bg)}
.time{--edge:var(--box);margin:6px 0}.in{position:relative;cursor:pointer}
.head{position:absolute;top:0;bottom:0;left:0;width:2px;margin-left:-1px;background:var(--c1);display:none;pointer-events:none}
.who{position:sticky;left:0;width:max-content;font-size:11px;line-height:14px;color:var(--soft);margin-top:4px}
table{border-collapse:collapse;font-size:.92rem;font-variant-numeric:tabular-nums}
caption{text-align:left;padding:4px 0}th,td{padding:4px 10px 4px 0;text-align:left;vertical-align:top;
border-bottom:1px solid var(--line);overflow-wrap:normal}
th{white-space:nowrap;font-weight:600}td.n,th.n{text-align:right;padding:4px 10px 4px 14px;white-space:nowrap}
th button{all:unset;cursor:pointer;font-weight:600}th button:focus-visible{outline:2px solid var(--link)}
th[aria-sort=ascending] button:after{content:" \2191"}th[aria-sort=descending] button:after{content:" \2193"}
input,select,.more{font:inherit;color:inherit;background:var(--box);border:1px solid var(--line);border-radius:6px;
padding:5px 8px;max-width:100%}
.bar{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:12px 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,440px),1fr));gap:4px 28px}
figure{margin:14px 0;max-width:600px}figure svg{width:100%;height:auto;display:block}
svg text{fill:var(--fg);font:12px system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
svg .g{stroke:var(--line);stroke-width:1}svg .a{stroke:var(--soft);stroke-width:1;fill:none}
svg .t{fill:var(--soft)}
.card{background:var(--box);border:1px solid var(--line);border-radius:10px;padding:10px 14px;margin:12px 0}
.card h3{margin:2px 0 6px;font-size:1rem}audio{width:100%;max-width:520px;height:40px;display:block;margin:6px 0}
figure img,.card img{width:100%;display:block;border-radius:4px;margin:6px 0;image-rendering:auto;background:#000}
.w{border-radius:3px;padding:0 1px}.w[data-s]{cursor:pointer}.w.on{background:var(--lit)}
.sub{color:var(--bad);font-weight:600}.ins{color:var(--ins);font-weight:600;text-decoration:underline}
.del{color:var(--del);text-decoration:line-through}
.good{color:var(--good)}.bad{color:var(--bad)}
.lines{display:grid;grid-template-columns:max-content 1fr;gap:2px 12px;margin:6px 0}
.lines>b{font-weight:600;color:var(--soft);font-size:.88rem;padding-top:2px}
@media (max-width:520px){.lines{grid-template-columns:1fr;gap:0}.lines>b{padding-top:8px}.card{padding:8px 10px}}
.strip{position:relative;height:17px;margin:0;border-top:1px solid var(--line);overflow:hidden}
.strip .w{position:absolute;top:0;font-size:11px;line-height:16px;white-space:nowrap;overflow:hidden;
border-left:1px solid var(--line);padding-left:2px}
.hide{display:none}
)css";
}

std::string_view html_script() {
  return R"js(
'use strict';
(function(){
const all=(s,e)=>Array.from((e||document).querySelectorAll(s));
const key=(cell)=>cell===undefined?'':cell.dataset.k!==undefined?Number(cell.dataset.k):cell.textContent.trim();
function order(a,b){const x=typeof a==='number',y=typeof b==='number';
 if(x&&y)return a-b;if(x!==y)return x?-1:1;return a.localeCompare(b,undefined,{numeric:true});}
all('table.sort').forEach((table)=>{
 const body=table.tBodies[0];
 all('th',table.tHead).forEach((th,column)=>{
  const button=th.querySelector('button');if(!button)return;
  button.addEventListener('click',()=>{
   const now=th.getAttribute('aria-sort');
   const first=th.classList.contains('n')?'descending':'ascending';
   const next=now===null?first:now==='ascending'?'descending':'ascending';
   all('th',table.tHead).forEach((o)=>o.removeAttribute('aria-sort'));
   th.setAttribute('aria-sort',next);
   const sign=next==='ascending'?1:-1;
   Array.from(body.rows).map((row,i)=>[key(row.cells[column]),i,row])
    .sort((a,b)=>sign*order(a[0],b[0])||a[1]-b[1]).forEach((r)=>body.appendChild(r[2]));
  });});});
function filter(input,items,count){
 const apply=()=>{const words=input.value.toLowerCase().split(/\s+/).filter(Boolean);let shown=0;
  items().forEach((item)=>{const text=item.textContent.toLowerCase();
   const keep=words.every((w)=>text.includes(w));item.classList.toggle('hide',!keep);if(keep)shown++;});
  count.textContent=shown+' shown';};
 input.addEventListener('input',apply);}
all('.bar[data-table]').forEach((bar)=>{
 const table=document.getElementById(bar.dataset.table);
 filter(bar.querySelector('input'),()=>Array.from(table.tBodies[0].rows),bar.querySelector('output'));});
all('.cards').forEach((cards)=>{
 const bar=cards.previousElementSibling;const select=bar.querySelector('select');
 const list=()=>all('.card',cards);
 filter(bar.querySelector('input'),list,bar.querySelector('output'));
 if(select)select.addEventListener('change',()=>{
  const parts=select.value.split(' ');const i=Number(parts[0]);const sign=parts[1]==='up'?1:-1;
  list().map((c,at)=>[Number(c.dataset.keys.split(' ')[i]),at,c])
   .sort((a,b)=>sign*(a[0]-b[0])||a[1]-b[1]).forEach((c)=>cards.appendChild(c[2]));});});
document.addEventListener('click',(event)=>{
 const word=event.target.closest&&event.target.closest('.w[data-s]');if(!word)return;
 const card=word.closest('.card');const player=card&&card.querySelector('audio');if(!player)return;
 player.currentTime=Number(word.dataset.s);player.play();});
document.addEventListener('click',(event)=>{
 const box=event.target.closest&&event.target.closest('.in');
 if(!box||event.target.closest('.w[data-s]'))return;
 const player=box.closest('.card').querySelector('audio');const r=box.getBoundingClientRect();
 player.currentTime=(event.clientX-r.left)/r.width*Number(box.dataset.d);player.play();});
function follow(player){
 const box=player.closest('.card')&&player.closest('.card').querySelector('.in');if(!box)return;
 const head=box.querySelector('.head');const at=player.currentTime/Number(box.dataset.d);
 head.style.display='block';head.style.left=100*Math.min(1,at)+'%';
 const view=box.parentElement;const x=at*box.offsetWidth;
 if(!player.paused&&(x<view.scrollLeft||x>view.scrollLeft+view.clientWidth*.9))
  view.scrollLeft=Math.max(0,x-view.clientWidth*.1);
 if(!player.paused)requestAnimationFrame(()=>follow(player));}
['play','seeked'].forEach((name)=>document.addEventListener(name,(event)=>follow(event.target),true));
document.addEventListener('timeupdate',(event)=>{
 const card=event.target.closest&&event.target.closest('.card');if(!card)return;
 const t=event.target.currentTime;
 all('.w[data-s]',card).forEach((w)=>w.classList.toggle('on',
  !event.target.paused&&t>=Number(w.dataset.s)&&t<Number(w.dataset.e)));},true);
document.addEventListener('play',(event)=>{all('audio').forEach((a)=>{if(a!==event.target)a.pause();});},true);
})();
)js";
}

}  // namespace bivox
