"""Documents, one index, transactions with predicate reads, in one model. python3 combined.py stable|loss RUNS [rule=0 ...] [base=N] [swap=1]
Content-hash ETags; SIGKILL anywhere; answers lost; any mutation replayed later ('loss' mode: within H). Checker: strict serializability incl. predicate
reads (absence = a choice of non-matching version run, solved by backtracking), indexed queries by interval, lost / torn / phantom / double.
One counter of Begins for the whole space (space=0: one for each value). swap=1: no faults, transactions that swap values between documents; swap=2 and 3: one script of such writers beside a reader of two predicates,
read-only (2) or with an own Begin (3); swap=4: (2) in the one order that needs rule 'flight'."""
import random,sys,itertools,collections
CFG=dict(fresh=1,keeprev=1,vwait=1,vflagq=1,validate=1,recheck=1,rodc=1,qval=1,qlock=1,candall=1,qfirst=1,ctr=1,tbegin=1,lockbegin=1,pbegin=1,readback=1,
 cleanlt=1,cleanlock=1,revgrow=1,unknoend=1,wait=1,lease=1,mcheck=1,txep=1,rolock=1,multiq=1,rbprior=1,refetch=1,
 space=1,pass2=1,flight=1,direct=1,decfirst=1,revcmp=1,absrev=1,strictlock=1)
UNK='unk'; Z=(0,0); L,H=10,10
def run(seed,mode,ncl=4,nops=3,nk=3,pcrash=.01,punk=.04,dup=.08,stall=.04,swap=0):
    if swap: pcrash=punk=dup=0
    if swap>1: ncl,nk=3,4
    rng=random.Random(seed); uid=itertools.count(1); m={}; clk=[0]; late=[]; hist=[]; st=collections.Counter()
    keys=['d%d'%i for i in range(nk)]; ix=dict(ep='e0',I=set(),n=collections.Counter()); loss=mode=='loss'
    line={k:[(0,None,Z)] for k in keys}; m['M']=('M0',('M','e0','ready')); R=lambda t:'R:'+t
    def logical(k):
        v=m.get(k,(0,None))[1]
        if v is not None and v[0]=='L':
            r=m.get(R(v[1]),(0,None))[1]
            if r and r[0]=='C': return r[1][k]
            v=v[3]
        return (None,Z) if v is None else (v[1],v[2])
    def note(k):
        l=logical(k)
        if l!=line[k][-1][1:]: line[k].append((clk[0],)+l)
    def ap(op):
        t=op[0]
        if t=='get': return m.get(op[1],(None,None))
        if t=='cas':
            _,k,exp,v=op
            if m.get(k,(None,None))[0]!=exp: return '412',None
            m[k]=(repr(v),v)
            for d in keys if k[0]=='R' else [k] if k in line else (): note(d)
            return 'ok',repr(v)
        if t=='dele':
            if m.get(op[1],(None,None))[0]==op[2]: m.pop(op[1],None); note(op[1]); return 'ok',None
            return '412',None
        if t=='list': return [k for k in keys if k in m],None
        if t=='iset': ix['ep']=op[1]; return 'ok',None
        if t in('ib','ie','iq') and ix['ep']!=op[1]: return 'stale',None
        if t=='ib':
            for e in op[2]: ix['I'].add(e); ix['n'][0 if CFG['space'] else e[0]]+=1
            return 'ok',None
        if t=='ie': ix['I'].difference_update(op[2]); return 'ok',None
        if t=='iq': return [e for e in ix['I'] if e[0]==op[2]],(op[1],ix['n'][0 if CFG['space'] else op[2]])
        return None,None
    def newrev(c,old): t=clk[0]+c['sk']; return (max(old[0]+1,t) if CFG['revgrow'] else t,next(uid))
    def lease(c): return not loss or not CFG['lease'] or clk[0]-c['f']<=L
    def fetch(c):
        f=clk[0]; e,v=yield('get','M'); c.update(f=f,M=v,me=e)
    def stale(c,ep):
        yield from fetch(c)
        if c['M'][1]!=ep: return
        E='e%d'%next(uid); r,_=yield('cas','M',c['me'],('M',E,'building')); yield from fetch(c)
        if c['M'][1]==E: yield('iset',E); st['regime']+=1
    def begin(c,ents):
        for _ in range(8):
            if not lease(c): yield from fetch(c)
            ep=c['M'][1]
            if not ents: return ep
            r,_=yield('ib',ep,ents)
            if r=='ok': return ep
            if r=='stale': yield from stale(c,ep)
    def rollback(k,e,p):
        if not CFG['fresh']: yield ('dele',k,e) if p is None else ('cas',k,e,p)
        elif p is None: yield('cas',k,e,('v',None,Z,next(uid)))
        else: yield('cas',k,e,('v',p[1],p[2] if CFG['keeprev'] else (p[2][0]+1,next(uid)),next(uid)))
    def rd(k,w,me=None,strict=False):                                   # -> etag, field, rev, pending tx, raw
        spins=0
        while True:
            e,v=yield('get',k); p=v[3] if v and v[0]=='L' else v
            f,rev=(p[1],p[2]) if p else (None,Z)
            if v is None or v[0]=='v' or v[1]==me: return e,f,rev,None,p
            _,tx,vf,_=v; _,r=yield('get',R(tx))
            if r is None:
                if strict or (not w and not (vf and CFG['vwait'])): return e,f,rev,tx,v
                spins+=1
                if spins>rng.randint(0,3): yield('cas',R(tx),None,('A',))
                else: yield('nop',)
            elif w or rng.random()<.3: yield from (fwd(k,e,r) if r[0]=='C' else rollback(k,e,p))
            elif r[0]=='C': return (e,)+r[1][k]+(None,v)
            else: return e,f,rev,None,v
    def fwd(k,e,r): yield('cas',k,e,('v',)+r[1][k]+(0,))
    def query(c,val,me=None,strict=False):                              # -> {doc:(match,rev,entry revs)}, counter | 'lock' | None
        for _ in range(6):
            if not lease(c): yield from fetch(c)
            ep=c['M'][1]
            if c['M'][2]!='ready': ks,_=yield('list',); cand={k:None for k in ks}; ctr='scan'; st['scan']+=1
            else:
                ents,ctr=yield('iq',ep,val)
                if ents=='stale': yield from stale(c,ep); continue
                cand=collections.defaultdict(list)
                for _,d,rv in sorted(ents): cand[d].append(rv)
                if loss and CFG['mcheck']:
                    yield from fetch(c)
                    if c['M'][1:]!=('M',ep,'ready')[1:]: continue
            res={}
            for d in rng.sample(sorted(cand),len(cand)):
                e,f,rev,pend,raw=yield from rd(d,False,me,strict)
                if strict and pend and CFG['qlock']: return 'lock'
                res[d]=(f==val,rev,cand[d],f)
                if not CFG['cleanlock'] and raw and raw[0]=='L': rev=(rev[0]+1,10**9)
                dead=[(val,d,r) for r in cand[d] or () if (r<rev if CFG['cleanlt'] else r!=rev)]
                if dead and rng.random()<.5: yield('ie',ep,dead)
            return res,ctr
    def same(a,b,j):
        if not isinstance(b,tuple): return False
        if {d:x[1] for d,x in a[0].items() if x[0]}!={d:x[1] for d,x in b[0].items() if x[0]}: return False
        if CFG['candall']:
            for d,(ok,rev,en,_) in b[0].items():
                if ok or (d in a[0] and a[0][d][1]==rev) or (en is not None and all(r>rev for r in en)): continue
                st['candall']+=1; return False
        if j>0 and CFG['flight']:                                       # what was in flight must still be there: it may have landed, gone and been ended in between
            for d,(ok,rev,en,_) in a[0].items():
                if not ok and any(r>rev and r not in (b[0].get(d,(0,0,()))[2] or ()) for r in en or ()): st['flight']+=1; return False
        return not (j>0 and CFG['ctr'] and a[1]!=b[1])
    def put(c,k,kind,o,nf='?'):
        for _ in range(4):
            e,f,rev,_,_=yield from rd(k,True); o['reads']=[(k,rev)]
            if (kind=='create')==(f is not None): o['ok']=1; return      # exists / not found
            nf=None if kind=='delete' else rng.choice('ab') if nf=='?' else nf; nr=newrev(c,rev); own=[(nf,k,nr)] if nf else []; base=[(f,k,rev)] if f else []
            ep=(yield from begin(c,own)) if CFG['pbegin'] else c['M'][1]
            if ep is None: return
            new=('v',nf,nr,0); o['ws'].append({k:nr}); amb=False; res='412'
            for _ in range(5):
                if not lease(c) or c['M'][1]!=ep:
                    yield from fetch(c)
                    while CFG['refetch'] and not lease(c): yield from fetch(c)   # the fetch itself may have been slow
                    if c['M'][1]!=ep:
                        if amb: o['unknown']=1; return
                        break
                res,_=yield('cas',k,e,new)
                if res==UNK:
                    amb=True
                    if not CFG['unknoend'] and own: yield('ie',ep,own)
                elif res=='ok': break
                if not amb: break
                e2,v2=yield('get',k); p2=v2[3] if v2 and v2[0]=='L' and CFG['rbprior'] else v2
                if p2 and p2[2]==nr: res='ok'; break
                if e2==e: continue
                r2=p2[2] if p2 else Z
                if v2 and v2[0]=='L' and not CFG['rbprior']: r2=Z
                if CFG['readback'] and r2>nr: o['unknown']=1; return       # may have landed and been replaced: never guess
                break                                                   # current revision smaller than ours: ours can't have landed, base is gone
            else: o['unknown']=1; return
            if res=='ok':
                o['ok']=o['commit']=1; yield('ret',)
                if not CFG['pbegin'] and own: yield('ib',ep,own)
                if base: yield('ie',ep,base)
                return
            if own: yield('ie',ep,own)
    def ro(c,ks,Q,o):
        for _ in range(4):
            got={}; q1={}; good=True
            for i in rng.sample(ks+Q,len(ks)+len(Q)):
                if i in line: got[i]=yield from rd(i,False)
                else: q1[i]=yield from query(c,i)
            if None in q1.values(): continue
            good=yield from valid(c,ks,Q,got,q1,None) if CFG['rodc'] else iter(())
            if good or not CFG['rodc']: o['reads']=[(k,got[k][2]) for k in ks if got[k][1]]; o['abs']=[k for k in ks if not got[k][1]]; o['preds']=[(v,q1[v][0]) for v in Q]; o['ok']=1; return
    def still(k,g):                                                      # second look at a key that was read and not written
        e,f,rev,t2,_=g; e2,v2=yield('get',k)
        if e2==e:
            r=(yield('get',R(t2)))[1] if t2 and CFG['recheck'] else None
            return r is None or (CFG['revcmp'] and r[0]=='A')
        if not CFG['revcmp']: return False
        l=(None,Z) if v2 is None else v2[1:3]
        if v2 is not None and v2[0]=='L':
            _,r=yield('get',R(v2[1]))
            if r is None and CFG['strictlock']: return False
            l=r[1][k] if r and r[0]=='C' else v2[3][1:3] if v2[3] else (None,Z)
        return tuple(l)==(f,rev) or (not CFG['absrev'] and f is None and l[0] is None)
    def valid(c,pure,Q,got,q1,me,own=False):
        def vk():
            for k in pure:
                if not (yield from still(k,got[k])): return False
            return True
        if not CFG['qfirst'] and not (yield from vk()): return False
        q2={}
        for j,v in enumerate(Q) if CFG['qval'] else ():
            q2[v]=yield from query(c,v,me,True)
            if not same(q1[v],q2[v],0 if own else j): return False
        if own and len(Q)>1 and CFG['pass2'] and CFG['qval']:
            for j,v in enumerate(Q):                                     # the own Begin moved the counter: two more passes that can be compared
                if not same(q2[v],(yield from query(c,v,me,True)),j): return False
        return not CFG['qfirst'] or (yield from vk())
    def txn(c,RK,W,Q,o,vals=None):
        tx='t%d'%next(uid); locks={}; got={}; q1={}; pure=[k for k in RK if k not in W]; ks=sorted(set(RK)|set(W)); ep=None; ents=[]; sent=False
        def abort():
            if not sent and CFG['direct'] or not CFG['decfirst']:          # nobody can have decided 'committed': no decision is needed
                for k,(e,p) in locks.items(): yield from rollback(k,e,p)
                if ep and ents: yield('ie',ep,ents)
                return
            for _ in range(9):
                yield('cas',R(tx),None,('A',)); _,r=yield('get',R(tx))
                if r is not None: break
            else: o['unknown']=1; return
            if r[0]=='C': o['ok']=1; return
            for k,(e,p) in locks.items(): yield from rollback(k,e,p)
            if ep and ents: yield('ie',ep,ents)
        for i in rng.sample(ks+Q,len(ks)+len(Q)):
            if i in line: got[i]=yield from rd(i,i in W)
            else:
                q1[i]=yield from query(c,i)
                if q1[i] is None: return
        new={k:(vals[k] if vals else rng.choice(['a','b',None] if got[k][1] else 'ab'),newrev(c,got[k][2])) for k in W}
        ents=[(f,k,r) for k,(f,r) in new.items() if f]
        if not CFG['lockbegin']: ep=yield from begin(c,ents)
        for k in rng.sample(W,len(W)):
            e,p=got[k][0],got[k][4]; Lk=('L',tx,bool(pure or (Q and CFG['vflagq'])),p); res,le=yield('cas',k,e,Lk)
            if res!='ok':
                le,cur=yield('get',k)
                if cur!=Lk: yield from abort(); return
            locks[k]=(le,p)
        if CFG['lockbegin'] and CFG['tbegin']: ep=yield from begin(c,ents)
        if not CFG['tbegin']: ep=c['M'][1]
        if ep is None: yield from abort(); return
        if CFG['validate'] and not (yield from valid(c,pure,Q,got,q1,tx,bool(ents))): st['inval']+=1; yield from abort(); return
        o['reads']=[(k,got[k][2]) for k in ks if got[k][1]]; o['abs']=[k for k in ks if not got[k][1]]; o['preds']=[(v,q1[v][0]) for v in Q]; o['ws'].append({k:x[1] for k,x in new.items()})
        for _ in range(5):
            if not lease(c) or (CFG['txep'] and c['M'][1]!=ep):
                yield from fetch(c)
                while CFG['refetch'] and not lease(c): yield from fetch(c)
                if CFG['txep'] and c['M'][1]!=ep: st['txep']+=1; yield from abort(); return
            sent=True; res,_=yield('cas',R(tx),None,('C',new)); _,r=(0,('C',)) if res=='ok' else (yield('get',R(tx)))
            if r is not None: break
            if rng.random()<.3: yield from abort(); return                # out of time
        else: o['unknown']=1; return
        if r[0]=='A': yield from abort(); return
        o['ok']=o['commit']=1; yield('ret',)
        if not CFG['tbegin']: yield('ib',ep,ents)
        for k,(e,_) in locks.items(): yield from fwd(k,e,('C',new))
        old=[(got[k][1],k,got[k][2]) for k in W if got[k][1]]
        if old: yield('ie',ep,old)
    def client(i):
        c=dict(f=0,M=m['M'][1],me='M0',sk=rng.choice([-90,0,0,90]))
        script=[[('create','d2','b'),{'d0':'a','d2':None},{'d0':None,'d2':'b'}],[('create','d1','a'),('delete','d2',None)],[0,0,0]] if swap>1 else None
        for n_ in range(len(script[i]) if script else nops):
            while script and i and not any(h.get('done') for h in hist if h['t']=='create'): yield('nop',)   # the other two start once d2 is there
            if script and n_: yield('nop',)                              # or the checker would not see that one came after the other
            o=dict(inv=clk[0],ret=None,ws=[]); t=rng.random(); k=rng.choice(keys); nQ=rng.choice([0,1,1,2] if CFG['multiq'] else [0,1,1]); Q=rng.sample('ab',nQ)
            if script:
                x=script[i][n_]
                if not x: o['t']='txn' if swap==3 else 'ro'; g=ro(c,[],['a','b'],o) if swap!=3 else txn(c,[],['d3'],['a','b'],o,dict(d3='c'))
                elif type(x) is dict: o['t']='txn'; g=txn(c,[],sorted(x),[],o,x)
                else: o['t']=x[0]; g=put(c,x[1],x[0],o,x[2])
            elif swap:
                if rng.random()<.35: o['t']='ro'; n=rng.randint(0,2); g=ro(c,rng.sample(keys,2-n),rng.sample('ab',n),o)
                elif rng.random()<.5: o['t']='txn'; g=txn(c,rng.sample(keys,rng.choice([0,0,1])),rng.sample(keys,2),[] if rng.random()<.7 else ['a','b'],o)
                else: o['t']=rng.choice(['create','delete','delete']); g=put(c,k,o['t'],o)
            elif t<.1:
                o['t']='get'
                def g1(o=o,k=k): x=yield from rd(k,False); o['reads']=[(k,x[2])]; o['ok']=1
                g=g1()
            elif t<.45: o['t']=rng.choice(['create','update','delete']); g=put(c,k,o['t'],o)
            elif t<.6:
                o['t']='query'
                def g2(o=o,v=rng.choice('ab')):
                    r=yield from query(c,v)
                    if r: o['q']=(v,{d for d,x in r[0].items() if x[0]}); o['ok']=1
                g=g2()
            elif t<.75: o['t']='ro'; g=ro(c,rng.sample(keys,rng.randint(0,2)),Q,o)
            else: o['t']='txn'; g=txn(c,rng.sample(keys,rng.randint(0,2)),rng.sample(keys,rng.randint(1,2)),Q,o)
            hist.append(o); res=None
            while True:
                try: op=g.send(res)
                except StopIteration: break
                if op[0]=='ret': o['ret']=clk[0]; res=None; continue
                res=yield op
            o['ret']=o['ret'] or clk[0]; o['done']=1
    def builder():
        c=dict(f=0,M=None,me=None)
        while True:
            for _ in range(rng.randint(1,8)): yield('nop',)
            yield from fetch(c); M,me=c['M'],c['me']; t0=clk[0]
            if M[2]!='building': continue
            while CFG['wait'] and clk[0]<=t0+L+H+2: yield('nop',)
            good=True
            for d in (yield('list',))[0]:
                x=yield from rd(d,False,None,True)
                if x[1] and (yield('ib',M[1],[(x[1],d,x[2])]))[0]!='ok': good=False; break
            if good: r,_=yield('cas','M',me,('M',M[1],'ready')); st['ready']+=1
    iq=lambda v: lambda op: op[0]=='iq' and op[2]==v
    stages=[(0,lambda op: line['d2'][-1][1]=='b' and op[0]=='get'),(2,iq('b')),(0,lambda op: op[0]=='cas' and op[3][0]=='C' and op[3][1]['d0'][0] is None),
        (1,lambda op: op[0]=='cas' and op[1]=='d1'),(2,iq('a')),(0,lambda op: False),(2,iq('b')),(1,lambda op: False),(2,lambda op: False)] if swap==4 else []
    P=[client(i) for i in range(ncl)]; pend=[[p,next(p),0,1,i] for i,p in enumerate(P)]
    if loss: b=builder(); pend.append([b,next(b),0,0,-1]); nloss=rng.randint(1,3)
    while (any(x[3] for x in pend) or late) and clk[0]<6000:
        clk[0]+=1
        if loss and nloss and rng.random()<.02: ix.update(ep=None,I=set(),n=collections.Counter()); nloss-=1; st['loss']+=1
        if loss:
            for x in [x for x in late if x[1]<=clk[0]]: late.remove(x); ap(x[0])
        if late and (not any(x[3] for x in pend) or (not loss and rng.random()<.06)): ap(late.pop(rng.randrange(len(late)))[0]); continue
        if stages:                                                       # swap=4: the one schedule that needs rule 'flight'
            who,till=stages[0]; x=next((x for x in pend if x[4]==who),None)
            if x is None or till(x[1]): stages.pop(0); continue
        else: x=rng.choice(pend)
        p,op,sent,_=x[:4]; mut=op[0] in('cas','dele','ib','ie'); due=rng.randint(clk[0],sent+H) if sent+H>clk[0] else 0
        if op[0]=='hold' and clk[0]<op[2]: continue
        if rng.random()<pcrash and x[3]:
            if mut and rng.random()<.5 and (due or not loss): late.append((op,due))
            pend.remove(x); continue
        if loss and mut and not due: r=(UNK,None)                        # a request older than H never lands
        elif mut and rng.random()<punk:
            z=rng.random(); r=(UNK,None)
            if z<.4: ap(op)
            elif z<.8 and (due or not loss): late.append((op,due))
        elif op[0]=='hold': r=op[1]
        else:
            r=ap(op)
            if loss and x[3] and rng.random()<stall: x[1]=('hold',r,clk[0]+rng.randint(10,120)); continue   # SIGSTOP between answer and next request
            if mut and rng.random()<dup and (due or not loss): late.append((op,due))
        try: x[1]=p.send(r); x[2]=clk[0]
        except StopIteration: pend.remove(x)
    for k in keys:                                                       # recovery by a fresh client
        g=rd(k,True); r=None
        try:
            while True: r=ap(g.send(r))
        except StopIteration: pass
    return check(hist,line),hist,st,line
def check(hist,line):
    bad=[]; wr={}; pos={k:{x[2]:i for i,x in enumerate(l)} for k,l in line.items()}; INF=1<<60
    for k,l in line.items():
        if len(pos[k])!=len(l): bad.append('recur')
        if any(a[2]>=b[2] for a,b in zip(l,l[1:])): bad.append('order')
    for o in hist:
        inn=[w for w in o['ws'] if any(r in pos[k] for k,r in w.items())]; o['eff']=bool(inn)
        if len(inn)>1: bad.append('double')
        if any(r not in pos[k] for w in inn for k,r in w.items()): bad.append('torn')
        if o.get('commit') and not inn: bad.append('lost')
        if inn and o.get('done') and not o.get('ok') and not o.get('unknown'): bad.append('phantom')
        for w in inn:
            for k,r in w.items(): wr[k,r]=o
    if any(x[2] not in [] and x[2]!=(0,0) and (k,x[2]) not in wr for k,l in line.items() for x in l): bad.append('alien')
    N=[o for o in hist if o.get('ok') or o['eff']]; n=len(N); ixo={id(o):i for i,o in enumerate(N)}; reach=[0]*n
    def add(rc,a,b):
        if a==b or rc[a]>>b&1: return True
        if rc[b]>>a&1: return False
        mk=rc[b]|1<<b
        for i in range(n):
            if i==a or rc[i]>>a&1: rc[i]|=mk
        return True
    W=lambda k,i: ixo[id(wr[k,line[k][i][2]])] if (k,line[k][i][2]) in wr else None
    E=[]; cons=[]
    for k,l in line.items(): E+=[(W(k,i),W(k,i+1)) for i in range(len(l)-1)]
    for o in N:
        me=ixo[id(o)]
        for k,rev in list(o.get('reads',()))+[(d,x[1]) for _,res in o.get('preds',()) for d,x in res.items() if x[0]]:
            if rev not in pos[k]: bad.append('ghost'); continue
            i=pos[k][rev]; E.append((W(k,i),me))
            if i+1<len(line[k]): E.append((me,W(k,i+1)))
        for val,res,ks in [(v,r,line) for v,r in o.get('preds',())]+[(None,{},[k]) for k in o.get('abs',())]:
            for k in ks:
                l=line[k]; out=(lambda f: f==val) if val else (lambda f: f is not None)
                if k in res and res[k][0]: continue
                ch=[]; i=0
                while i<len(l):
                    if out(l[i][1]): i+=1; continue
                    j=i
                    while j+1<len(l) and not out(l[j+1][1]): j+=1
                    ch.append([(W(k,i),me)]+([(me,W(k,j+1))] if j+1<len(l) else [])); i=j+1
                cons.append(ch)
        if o.get('q'):
            val,res=o['q']
            for k,l in line.items():
                vs=[[x[1] for x in l if x[0]<=o['inv']][-1]]+[x[1] for x in l if o['inv']<x[0]<=o['ret']]
                if all(v==val for v in vs) and k not in res: bad.append('MISSING')
                if all(v!=val for v in vs) and k in res: bad.append('EXTRA')
        for b in N:
            if o.get('ok') and o['ret'] is not None and ixo[id(b)]>me and b['inv']>=o['ret']: E.append((me,ixo[id(b)]))
    E=[e for e in E if e[0] is not None and e[1] is not None]
    if not all(add(reach,a,b) for a,b in E): bad.append('cycle'); return bad
    def solve(rc,cs):
        if not cs: return True
        for ch in cs[0]:
            r2=rc[:]
            if all(add(r2,a,b) for a,b in ch if a is not None) and solve(r2,cs[1:]): return True
        return False
    if not solve(reach,sorted(cons,key=len)): bad.append('predcycle')
    return bad
if __name__=='__main__':
    kw={}; base=0; tot=collections.Counter(); bad=collections.Counter(); first=None; S=collections.Counter(); ok=collections.Counter()
    for a in sys.argv[3:]:
        k,v=a.split('=')
        if k=='base': base=int(v)
        elif k in CFG: CFG[k]=int(v)
        else: kw[k]=float(v) if '.' in v else int(v)
    for s in range(base,base+int(sys.argv[2])):
        b,h,st,_=run(s,sys.argv[1],**kw); S.update(st); ok.update(o['t']+('+' if o.get('ok') else '-') for o in h)
        if b: bad['any']+=1; bad.update(set(b)); first=s if first is None else first
    print(' '.join(sys.argv[1:]),'bad',dict(bad),'first',first,'|',dict(ok),dict(S),flush=True)
