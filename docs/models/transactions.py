"""Transactions by locks inside documents and one decision record each. python3 transactions.py hash|gen RUNS [rule=0 ...] [base=N]
Each client is a generator yielding one store request at a time; the scheduler interleaves, SIGKILLs, answers 'unk' (applied now / later / never),
and replays any request at any later time (dup). Checker: list-append, strict serializability (ww/wr/rw/real-time), torn, lost, phantom, duplicate.
Rules decfirst..fsingle: abort without a decision (direct=0: always decide), re-checks by revision (revcmp=0: by version alone), re-runs lock their smallest
key first, one written key alone is a plain compare-and-swap and one key alone is read once (single=0: never), fences on a lease object 'F' = ('F', token, who, nonce)."""
import random,sys,itertools,collections
CFG=dict(vwait=1,validate=1,recheck=1,rodc=1,keep=1,fresh=1,
 decfirst=1,direct=1,revcmp=1,strictlock=1,settle=1,smallest=1,single=1,flate=1,fvflag=1,fsingle=1); UNK='unk'; uid=itertools.count(1)
class Store:
    def __init__(s,mode): s.m={}; s.mode=mode; s.n=0
    def etag(s,v):
        if s.mode=='gen': s.n+=1; return s.n            # GCS generation
        return repr(v)                                  # S3: ETag = f(bytes); the nonce is inside the bytes
    def get(s,k): return s.m.get(k,(None,None))
    def cas(s,k,exp,v):
        if s.get(k)[0]!=exp: return ('412',None)
        e=s.etag(v); s.m[k]=(e,v); return ('ok',e)
    def dele(s,k,exp):
        if s.get(k)[0]!=exp: return ('412',None)
        s.m.pop(k,None); return ('ok',None)
GET=lambda k:('get',k); rec=lambda t:'R:'+t
val=lambda v: None if v is None or v[0]=='D' else v
def rollback(k,e,prior):                                # fresh nonce / tombstone: no state of a key ever recurs
    if not CFG['fresh']: yield ('dele',k,e) if prior is None else ('cas',k,e,prior)
    elif prior is None: yield ('cas',k,e,('D',next(uid)))
    else: yield ("cas",k,e,prior[:3]+(next(uid),))      # same wid, another nonce
def forward(k,e,tx,r): yield ('cas',k,e,('v',r[1][k],tx))
def rd(k,rng,forwrite):                                 # -> etag, value, (etag, pending txid to re-check)
    spins=0
    while True:
        e,v=yield GET(k)
        if v is None or v[0]!='L': return e,val(v),(e,None)
        _,tx,vflag,prior=v
        _,r=yield GET(rec(tx))
        if r is None:                                   # undecided
            if not forwrite and not (vflag and CFG['vwait']): return e,val(prior),(e,tx)
            spins+=1
            if spins>rng.randint(0,3): yield ('cas',rec(tx),None,('A',))   # push: decide "aborted"
            else: yield ('nop',)
        elif forwrite or rng.random()<.3: yield from (forward(k,e,tx,r) if r[0]=='C' else rollback(k,e,prior))
        elif r[0]=='C': return e,('v',r[1][k],tx),(e,None)
        else: return e,val(prior),(e,None)
def plain_put(k,x,rng,o):
    for tries in range(5):
        e,v,_=yield from rd(k,rng,True)
        new=('v',(v[1] if v else ())+(x,),'w%d'%next(uid)); amb=False
        for _ in range(4):
            res,_=yield ('cas',k,e,new)
            if res=='ok': o['ok']=1; return
            if res==UNK: amb=True
            if not amb: break
            e2,v2,_=yield from rd(k,rng,True)           # an unanswered attempt exists: read back
            if v2 and x in v2[1]: o['ok']=1; return
            if e2!=e: break                             # base gone for good => none of our attempts can land
        else: o['unknown']=1; return
rev=lambda v: v[2] if v else 0                          # the logical version; absence and the tombstone of a roll-back have 0
def still(k,g):                                         # second look at a key that was read and not written
    e,v,(_,tx)=g; e2,v2=yield GET(k)
    if e2==e:
        r=(yield GET(rec(tx)))[1] if tx and CFG['recheck'] else None
        return r is None or (CFG['revcmp'] and r[0]=='A')
    if not CFG['revcmp']: return False
    if v2 is not None and v2[0]=='L':
        _,r=yield GET(rec(v2[1]))
        if r is None and CFG['strictlock']: return False
        v2=('v',r[1][k],v2[1]) if r and r[0]=='C' else v2[3]
    return rev(val(v2))==rev(v)
def ro_txn(keys,rng,o):
    for _ in range(4):
        got={}; good=True
        for k in keys: got[k]=yield from rd(k,rng,False)
        for k in keys if CFG['rodc'] and not (len(keys)==1 and CFG['single']) else ():
            if not (yield from still(k,got[k])): good=False; break
        if good: o['reads']=[(k,got[k][1][1] if got[k][1] else ()) for k in keys]; o['ok']=1; return
def txn(R,W,x,rng,o):
    for n in range(3):                                  # a conflict that is certain is run again, as the same operation
        if (yield from attempt(R,W,x,rng,o,n)) is None: return
def lease(rng,o,c):                                     # take the lease over, or renew it: renewals change the version, take-overs the token
    e,v=yield GET('F'); new=('F',(v[1] if v else 0)+1,o['x'],next(uid))
    if v and rng.random()<.4: yield ('cas','F',e,v[:3]+(next(uid),)); return
    res,_=yield ('cas','F',e,new)
    if res==UNK:
        _,v2=yield GET('F'); res='ok' if v2==new else UNK
    if res=='ok': o['ok']=1; c['tok']=new[1]
    elif res==UNK: o['unknown']=1
def attempt(R,W,x,rng,o,n):                             # -> 'again' | None
    tx='t%d'%next(uid); locks={}; got={}; pure=set(R)-set(W); order=list(set(R)|set(W)); rng.shuffle(order); sent=False; tok=o.get('fence')
    def fence(): v=(yield GET('F'))[1]; return v is not None and v[1]==tok
    def commit_ok():
        o['reads']=[(k,got[k][1][1] if got[k][1] else ()) for k in order]; o['ok']=1; yield ('ret',)
        for k,(e,_) in locks.items(): yield from forward(k,e,tx,C)
        if not CFG['keep']: e,_=yield GET(rec(tx)); yield ('dele',rec(tx),e)
    def abort(again='again'):
        r=('A',)
        if (sent and CFG['decfirst']) or not (sent or CFG['direct']):
            for _ in range(9):
                yield ('cas',rec(tx),None,('A',)); _,r=yield GET(rec(tx))
                if r is not None: break
            else: o['unknown']=1; return
        if r[0]=='C': yield from commit_ok(); return
        for k,(e,p) in locks.items(): yield from rollback(k,e,p)
        o['aborted']=1; return again
    for k in order:                                     # nobody knows yet that it will be written
        got[k]=g=yield from rd(k,rng,k in W and k not in R)
    if tok and not CFG['flate'] and not (yield from fence()): return
    plain=len(W)==1 and not pure and CFG['single'] and not (tok and CFG['fsingle'])
    if plain and tok and not (yield from fence()): return
    for k in [min(W)]+rng.sample(sorted(set(W)-{min(W)}),len(W)-1) if n and CFG['smallest'] else rng.sample(W,len(W)):
        e,v,(_,t2)=got[k]
        if k in R:                                      # it may have been read under a lock: settle that, the revision must be the one that was read
            e1,v1=yield GET(k)
            if v1 is not None and v1[0]=='L' and e1==e: e,v1,_=yield from rd(k,rng,True)
            else: e,v1=(e,v) if e1==e else (None,'?')
            if v1=='?' or (CFG['settle'] and rev(v1)!=rev(v)): return (yield from abort())
            v=v1
        prior=v
        if plain: return (yield from swap(k,e,v,x,rng,o,got,order))
        if e is not None and v is None:
            e0,prior=yield GET(k)
            if e0!=e: return (yield from abort())
        L=('L',tx,bool(pure or (tok and CFG['fvflag'])),prior); res,le=yield ('cas',k,e,L)
        if res!='ok':
            le,cur=yield GET(k)
            if cur!=L: return (yield from abort())
        locks[k]=(le,prior)
    for k in pure if CFG['validate'] else ():
        if not (yield from still(k,got[k])): return (yield from abort())
    if tok and CFG['flate'] and not (yield from fence()): return (yield from abort(None))
    C=('C',{k:((got[k][1][1] if got[k][1] else ())+(x,)) for k in W}); sent=True
    for _ in range(5):
        res,_=yield ('cas',rec(tx),None,C)              # THE commit point: create-if-absent
        _,r=(None,C) if res=='ok' else (yield GET(rec(tx)))
        if r is not None: break
        if rng.random()<.3: return (yield from abort()) # out of time
    else: o['unknown']=1; return
    if r[0]=='A': return (yield from abort())
    yield from commit_ok()
def swap(k,e,v,x,rng,o,got,order):                      # one written key, nothing else: a plain compare-and-swap of what was read
    new=('v',(v[1] if v else ())+(x,),'w%d'%next(uid)); amb=False
    for _ in range(4):
        res,_=yield ('cas',k,e,new)
        if res=='ok': break
        if res==UNK: amb=True
        if not amb: return 'again'
        e2,v2,_=yield from rd(k,rng,True)
        if v2 and x in v2[1]: break
        if e2!=e: return 'again'                        # the list grows only: without x in it, ours never landed and never will
    else: o['unknown']=1; return
    o['reads']=[(k,got[k][1][1] if got[k][1] else ())]; o['ok']=1
def janitor(rng,n):
    for _ in range(n):
        ks=yield ('list','R:')
        if not ks: yield ('nop',); continue
        k=rng.choice(ks); e,r=yield GET(k)
        if r and r[0]=='C':
            for d in r[1]:
                de,dv=yield GET(d)
                if dv and dv[0]=='L' and dv[1]==k[2:]: yield from forward(d,de,k[2:],r)
        elif r and not CFG['keep']: yield ('dele',k,e)  # deleting decisions early is one of the mutations
def run(seed,mode,ncl=4,nops=3,nk=3,pcrash=.01,punk=.05,dup=.1,leases=0):
    rng=random.Random(seed); st=Store(mode); keys=['d%d'%i for i in range(nk)]; hist=[]; late=[]; clk=[0]; toks=[]
    def client(c):
        c={}
        for _ in range(nops):
            o=dict(inv=clk[0],ret=None,x='x%d'%next(uid)); t=rng.choice([.1,.6,.6,.9]) if leases else rng.random()
            if t<.2:
                o['t']='get'; k=rng.choice(keys)
                def g1(o=o,k=k):
                    _,v,_=yield from rd(k,rng,False); o['reads']=[(k,v[1] if v else ())]; o['ok']=1
                g=g1()
            elif t<.4: k=rng.choice(keys); o.update(t='put',w=[k]); g=plain_put(k,o['x'],rng,o)
            elif t<.55: o['t']='ro'; g=ro_txn(rng.sample(keys,rng.choice([1,2,2,2])),rng,o)
            elif t<.65: o['t']='lease'; g=lease(rng,o,c)
            else:
                W=rng.sample(keys,rng.randint(1,2)); R=rng.sample(keys,rng.randint(0,0 if leases else 2)); o.update(t='txn',w=W,fence=c.get('tok') if rng.random()<.8 else None); g=txn(R,W,o['x'],rng,o)
            hist.append(o); res=None
            while True:
                try: op=g.send(res)
                except StopIteration: break
                if op[0]=='ret': o['ret']=clk[0]; res=None; continue
                res=yield op
            o['ret']=o['ret'] or clk[0]; o['done']=1
    def ap(op):
        if op[0]=='get': return st.get(op[1])
        if op[0]=='cas':
            r=st.cas(*op[1:])
            if r[0]=='ok' and op[1]=='F' and op[3][1]>len(toks): toks.append(op[3][2])
            return r
        if op[0]=='dele': return st.dele(*op[1:])
        if op[0]=='list': return [k for k in st.m if k.startswith(op[1])]
    pend=[[p,next(p)] for p in [client(c) for c in range(ncl)]+[janitor(rng,8)]]
    while pend or late:
        clk[0]+=1
        if clk[0]>20000: break
        if late and (not pend or rng.random()<.08): ap(late.pop(rng.randrange(len(late)))); continue
        i=rng.randrange(len(pend)); p,op=pend[i]; mut=op[0] in('cas','dele')
        if rng.random()<pcrash:                         # SIGKILL; its in-flight write may still land
            if mut and rng.random()<.5: late.append(op)
            pend.pop(i); continue
        if mut and rng.random()<punk:
            z=rng.random(); r=(UNK,None)
            if z<.4: ap(op)
            elif z<.8: late.append(op)
        else:
            r=ap(op)
            if mut and rng.random()<dup: late.append(op)
        try: pend[i][1]=p.send(r)
        except StopIteration: pend.pop(i)
    fin={}
    for k in keys:                                      # recovery by a fresh client
        g=rd(k,random.Random(1),True); r=None
        while True:
            try: r=ap(g.send(r))
            except StopIteration as s: fin[k]=s.value[1][1] if s.value[1] else (); break
    return check(hist,fin,toks)
def check(hist,fin,toks):
    wr={}; bad=[]
    for o in hist:
        inn=[k for k in o.get('w',()) if o['x'] in fin[k]]; o['eff']=bool(inn) or o['x'] in toks
        if inn and len(inn)!=len(o['w']): bad.append('torn')
        if o.get('ok') and o.get('w') and not inn: bad.append('lost')
        if inn and o.get('done') and not o.get('ok') and not o.get('unknown'): bad.append('phantom')
        for k in inn: wr[k,o['x']]=o
    if any(len(set(l))!=len(l) for l in fin.values()): bad.append('dup')
    N=[o for o in hist if o.get('ok') or o['eff']]; ix={id(o):i for i,o in enumerate(N)}; g=collections.defaultdict(set)
    def edge(a,b):
        if a is not b: g[ix[id(a)]].add(ix[id(b)])
    for k,l in fin.items():
        for a,b in zip(l,l[1:]): edge(wr[k,a],wr[k,b])
    for o in N:
        for k,v in o.get('reads',()):
            if fin[k][:len(v)]!=v: bad.append('notprefix'); continue
            if v: edge(wr[k,v[-1]],o)
            if len(v)<len(fin[k]): edge(o,wr[k,fin[k][len(v)]])
    ac=[next(o for o in hist if o['x']==x) for x in toks]
    for a,b in zip(ac,ac[1:]): edge(a,b)
    for o in N:
        if o.get('fence') and (o.get('ok') or o['eff']) and o['t']=='txn':
            edge(ac[o['fence']-1],o)
            if o['fence']<len(ac): edge(o,ac[o['fence']])
    for a in N:
        for b in N:
            if a.get('ok') and a['ret'] is not None and b['inv']>=a['ret']: edge(a,b)
    deg=[0]*len(N)
    for a in g:
        for b in g[a]: deg[b]+=1
    q=[i for i in range(len(N)) if not deg[i]]; seen=0
    while q:
        a=q.pop(); seen+=1
        for b in g[a]:
            deg[b]-=1
            if not deg[b]: q.append(b)
    if seen<len(N): bad.append('cycle')
    return bad,hist
if __name__=='__main__':
    kw={}; base=0
    for a in sys.argv[3:]:
        k,v=a.split('=')
        if k=='base': base=int(v)
        elif k in CFG: CFG[k]=int(v)
        else: kw[k]=float(v) if '.' in v else int(v)
    tot=collections.Counter(); bad=collections.Counter(); first=None
    for s in range(base,base+int(sys.argv[2])):
        b,h=run(s,sys.argv[1],**kw); tot.update(o['t']+('+' if o.get('ok') else '-') for o in h)
        if b: bad[b[0]]+=1; first=s if first is None else first
    print(sys.argv[1:],'bad',dict(bad),'ops',dict(tot),'first seed',first)
