"""Purge of tombstones, decisions and dead claims, in virtual time. python3 purge.py docs|claims RUNS [rule=0 ...] [base=N]
Time is in ticks: a request lands at most D after it was sent, a conditional write is sent at most A after the read that it is based on, the decision at most A
after the first lock was sent, purges take what is older than P by the store's clock. Any client may stop for longer than P between two requests. Clocks of clients
are apart by more than P. A run is sped up by letting the clock jump. Checker: revisions of each document in the order of the store, strict serializability
of reads and transactions (absence = a choice of runs), lost / torn / phantom / double; two documents with one value."""
import random,sys,itertools,collections
CFG=dict(age=1,bound=1,deadline=1,conddel=1,keys=1,dwait=1,reread=1,always=0,ambig=1,ownwin=1,rowin=1,revgrow=1,storeclock=1,rewrite=1,judge=1)
UNK='unk'; Z=(0,0); D,A,P=50,50,200
def run(seed,mode,ncl=4,nops=4,nk=2,pcrash=.01,punk=.08,late_p=.08,stop=.05,fw=.5,reads=.15,npurge=2,script=0):
    rng=random.Random(seed); uid=itertools.count(1); m={}; clk=[0]; late=[]; hist=[]; st=collections.Counter(); bad=[]
    keys=['d%d'%i for i in range(nk)]; line={k:[(0,None,Z)] for k in keys}; R=lambda t:'R:'+t
    def logical(k):
        v=m.get(k,(0,None,0))[1]
        if v is not None and v[0]=='L':
            if v[1] in fate: return fate[v[1]][k]       # what the store has once decided, also if the decision was removed since
            v=v[2]
        return (None,Z) if v is None else (v[1],v[2])
    fate={}
    def note(k):
        l=logical(k)
        if l!=line[k][-1][1:] and not (l[0] is None and line[k][-1][1] is None and l[1]<line[k][-1][2]): line[k].append((clk[0],)+l)   # a purge is no change
        if mode=='claims':
            c=collections.Counter(line[d][-1][1] for d in keys if line[d][-1][1])
            if any(n>1 for n in c.values()): bad.append('DUP')
    def ap(op):
        t=op[0]
        if t=='get': return m.get(op[1],(None,None,0))
        if t=='list': return [k for k in m if k.startswith(op[1])],None,0
        if t in('cas','dele'):
            k,exp=op[1:3]
            if m.get(k,(None,))[0]!=exp and not (t=='dele' and not CFG['conddel']): return '412',None,0
            if t=='dele': m.pop(k,None)
            else:
                m[k]=(repr(op[3]),op[3],clk[0])
                if k[0]=='R' and op[3][0]=='C': fate.setdefault(k[2:],op[3][1])
            for d in keys if k[0]=='R' else [k] if k in line else (): note(d)
            return 'ok',repr(op[3]) if t=='cas' else None,0
        return None,None,0
    def newrev(c,old): return (max(old[0]+1,clk[0]+c['sk']),next(uid))
    fresh=lambda t: not CFG['bound'] or clk[0]-t<=A
    def put_if(t,*op):                                  # a conditional write, only while its base read (sent at t) is young
        if not fresh(t): st['tooold']+=1; return 'old',None,0
        return (yield op)
    def settle(t,k,e,v,r):
        if r[0]=='C': yield from put_if(t,'cas',k,e,('v',)+r[1][k]+(0,))
        else: p=v[2]; yield from put_if(t,'cas',k,e,('v',p[1],p[2],next(uid)) if p else ('v',None,Z,next(uid)))
    def rd(k,w,me=None):                                # -> time of the read, version, value, revision, (pending transaction), raw
        spins=0
        while True:
            t=clk[0]; e,v,_=yield('get',k); p=v[2] if v and v[0]=='L' else v
            f,rev=(p[1],p[2]) if p else (None,Z)
            if v is None or v[0]=='v': return t,e,f,rev,None,p
            _,r,_=yield('get',R(v[1]))
            if r is None:
                if CFG['always'] or (CFG['reread'] and clk[0]-t>A):                    # the decision may have been purged meanwhile
                    if (yield('get',k))[0]!=e: continue
                if not w and not v[3]: return t,e,f,rev,v[1],p
                spins+=1
                if spins>rng.randint(0,3): yield from put_if(t,'cas',R(v[1]),None,('A',next(uid)))
                else: yield('nop',)
            elif w or rng.random()<fw/2: yield from settle(t,k,e,v,r)
            elif r[0]=='C': return (t,e)+r[1][k]+(None,p)
            else: return t,e,f,rev,None,p
    def put(c,k,kind,o,val=None):
        for _ in range(4):
            t,e,f,rev,_,_=yield from rd(k,True)
            if (kind=='create')==(f is not None): o['seen']=[(k,f,rev)]; o['ok']=1; return
            nr=newrev(c,rev); new=('v',None if kind=='delete' else val or 'v',nr,0); amb=False; o['w']=[{k:nr}]+o.get('w',[])
            if kind!='delete' and mode=='claims':
                x=yield from claim(val,k,t,e)
                if x!='ok': o['ok']=x=='dup'; return
            for _ in range(4):
                res,_,_=yield from put_if(t,'cas',k,e,new)
                if res=='ok': break
                if res=='old':
                    if amb: o['unknown']=1; return
                    break
                amb=amb or res==UNK
                if not amb: break
                e2,v2,_=yield('get',k); p2=v2[2] if v2 and v2[0]=='L' else v2
                if p2 and p2[2]==nr: res='ok'; break
                if CFG['ambig'] and clk[0]-t>A: o['unknown']=1; return  # too late: a smaller revision or an absence proves nothing any more
                if e2==e: continue
                if (p2[2] if p2 else Z)>nr: o['unknown']=1; return
                break
            else: o['unknown']=1; return
            if res=='ok': o['seen']=[(k,f,rev)]; o['ok']=o['commit']=1; return
    def claim(u,me,t0,my):
        ck='c'+u
        for _ in range(8):
            t=clk[0]; ce,cv,_=yield('get',ck); mine=('c',me,my,next(uid))
            if cv is not None:
                ow,base=cv[1:3]; td=clk[0]; de,dv,_=yield('get',ow)
                if dv and dv[1]==u: return 'dup'
                if de==base and ow!=me:
                    if rng.random()<.4: yield('nop',); continue
                    yield from put_if(td,'cas',ow,de,('v',dv[1] if dv else None,dv[2] if dv else Z,next(uid))); st['fence']+=1; continue
                if de==base and not CFG['rewrite'] and base==my: return 'ok'       # the document's own claim, at its own base: used as it lies there
            res,_,_=yield from put_if(t,'cas',ck,ce,mine)
            if res=='ok' or (yield('get',ck))[1]==mine: return 'ok'
    def ro(c,ks,o):
        for _ in range(3):
            got={}; good=True; t0=clk[0]
            for k in ks: got[k]=yield from rd(k,False); t0=clk[0]
            for k in ks:
                t,e,f,rev,pend,_=got[k]; e2,v2,_=yield('get',k)
                if e2==e: good=not pend or (yield('get',R(pend)))[1] is None and (yield('get',k))[0]==e
                else: good=v2 is not None and v2[0]=='v' and v2[2]==rev or (v2 is None and rev==Z)
                if not good: break
            if good and (not CFG['rowin'] or clk[0]-t0<=A): o['seen']=[(k,)+got[k][2:4] for k in ks]; o['ok']=1; return
    def txn(c,RK,W,o):
        tx='t%d'%next(uid); locks={}; got={}; pure=[k for k in RK if k not in W]; sent=False; t0=None
        def abort():
            if sent:
                for _ in range(6):
                    yield('cas',R(tx),None,('A',next(uid))); _,r,_=yield('get',R(tx))
                    if r is not None: break
                else: o['unknown']=1; return
                if r[0]=='C': o['ok']=1; return
                if CFG['ownwin'] and clk[0]-t0>A: o['unknown']=1; return            # it may be false: committed, purged, pushed
            for k,(e,p) in locks.items(): yield('cas',k,e,('v',p[1],p[2],next(uid)) if p else ('v',None,Z,next(uid)))
        for k in rng.sample(sorted(set(RK)|set(W)),len(set(RK)|set(W))): got[k]=yield from rd(k,k in W)
        new={k:('v' if got[k][2] is None or rng.random()<.5 else None,newrev(c,got[k][3])) for k in W}
        for k in rng.sample(W,len(W)):
            t,e,f,rev,_,p=got[k]; Lk=('L',tx,p,bool(pure)); t0=clk[0] if t0 is None else t0
            res,le,_=yield from put_if(t,'cas',k,e,Lk)
            if res!='ok':
                le,cur,_=yield('get',k)
                if cur!=Lk: yield from abort(); return
            locks[k]=(le,p)
        for k in pure:
            t,e,f,rev,pend,_=got[k]; e2,v2,_=yield('get',k)
            if e2!=e or (pend and not ((yield('get',R(pend)))[1] is None and (yield('get',k))[0]==e)): yield from abort(); return
        o['w']=[{k:x[1] for k,x in new.items()}]
        for _ in range(5):
            if CFG['deadline'] and clk[0]-t0>A: yield from abort(); return
            sent=True; res,_,_=yield('cas',R(tx),None,('C',new)); r=('C',)
            if res!='ok': _,r,_=yield('get',R(tx))
            if r is not None: break
        else: o['unknown']=1; return
        if r[0]=='A':
            if CFG['ownwin'] and clk[0]-t0>A: o['unknown']=1; return
            yield from abort(); return
        o['seen']=[(k,)+got[k][2:4] for k in got]; o['ok']=o['commit']=1
        for k,(e,_) in locks.items():
            if rng.random()<fw: yield('cas',k,e,('v',)+new[k]+(0,))
    def purger(skew):
        while True:
            for _ in range(rng.randint(0,2)): yield('nop',)
            while script and (not any(x[1]=='b' for x in line['d0']) or clk[0]-line['d0'][-1][0]<=P): yield('nop',)
            ks=(yield('list',''))[0]
            if not ks: continue
            k=rng.choice(ks); t=clk[0]; e,v,mod=yield('get',k); now=clk[0] if CFG['storeclock'] else clk[0]+skew
            if v is None or (CFG['age'] and now-mod<=P): continue
            if k[0]=='d' and v[0]=='v' and v[1] is None: yield from put_if(t,'dele',k,e); st['ptomb']+=1
            elif k[0]=='c':
                de,dv,_=yield('get',v[1])
                if CFG['judge'] and (de==v[2] or (dv and dv[1]==k[1:])): continue
                yield from put_if(t,'dele',k,e); st['pclaim']+=1
            elif k[0]=='R' and v[0]=='A': yield from put_if(t,'dele',k,e); st['pabort']+=1
            elif k[0]=='R':
                clean=True
                for d in v[1] if CFG['keys'] else ():
                    td=clk[0]; de,dv,_=yield('get',d)
                    if dv and dv[0]=='L' and dv[1]==k[2:]:
                        yield from put_if(td,'cas',d,de,('v',)+v[1][d]+(0,)); de,dv,_=yield('get',d)
                        if dv and dv[0]=='L' and dv[1]==k[2:]: clean=False
                if not clean: continue
                if CFG['dwait']:
                    u=clk[0]
                    while clk[0]-u<=A: yield('nop',)
                yield('dele',k,e); st['pdec']+=1       # its version never recurs, so this delete may be late
    def client(i):
        c=dict(sk=rng.choice([-3*P,-P-9,0,P+9,3*P]))
        def until(f):
            while not f(): yield('nop',)
        for _ in range(0 if script else nops):
            o=dict(inv=clk[0],ret=None); z=rng.random(); k=rng.choice(keys)
            if mode=='claims':
                o['t']=rng.choice(['create','create','update','delete','delete']); g=put(c,k,o['t'],o,rng.choice('ab' if rng.random()<.3 else 'a'))
            elif z<reads:
                o['t']='get'
                def g1(o=o,k=k): x=yield from rd(k,False); o['seen']=[(k,)+x[2:4]]; o['ok']=1
                g=g1()
            elif z<reads+(1-reads)*.45: o['t']=rng.choice(['create','update','delete']); g=put(c,k,o['t'],o)
            elif z<reads+(1-reads)*.6: o['t']='ro'; g=ro(c,rng.sample(keys,min(2,nk)),o)
            else: o['t']='txn'; g=txn(c,rng.sample(keys,rng.randint(0,1)),rng.sample(keys,rng.randint(1,min(2,nk))),o)
            hist.append(o); yield from g
            o['ret']=clk[0]; o['done']=1
        if script:                                                       # a claim whose document is absent again, one purger between judging and deleting it
            yield('nop',)
            d0=lambda: m.get('d0',(0,None))[1]; had=lambda f: any(x[1]==f for x in line['d0'])
            if i==0: yield from claim('a','d0',clk[0],None)
            if i==1:
                yield from until(lambda: 'ca' in m)
                for k_,f in (('create','b'),('delete',None)): o=dict(inv=clk[0],ret=None,t=k_); hist.append(o); yield from put(c,'d0',k_,o,f)
                yield from until(lambda: d0() is None)
                o=dict(inv=clk[0],ret=None,t='create'); hist.append(o); yield from put(c,'d0','create',o,'a')
            if i==2: yield from until(lambda: had('a')); o=dict(inv=clk[0],ret=None,t='create'); hist.append(o); yield from put(c,'d1','create',o,'a')
    pend=[]
    for i in range(ncl): p=client(i); pend.append([p,next(p),0,1,None])
    for sk in (0,3*P,0,0)[:npurge]: p=purger(sk); pend.append([p,next(p),0,0,None])          # two at once
    steps=0
    while (any(x[3] for x in pend) or late) and steps<4000:
        steps+=1; clk[0]+=1 if rng.random()<.97 else rng.randint(1,P)*any(x[3]==0 for x in pend)
        for x in sorted([x for x in late if x[1]<=clk[0]],key=lambda x:x[1]): late.remove(x); ap(x[0])
        run_=[x for x in pend if x[4] is None or x[4][0]<=clk[0]]
        if not run_ or not any(x[3] for x in pend):
            if not any(x[3] for x in pend): clk[0]+=D; continue
            clk[0]=min(x[4][0] for x in pend); continue
        x=rng.choice(run_); p,op,sent,live,held=x; mut=op[0] in('cas','dele')
        if held is not None: r=held[1]; x[4]=None
        else:
            due=sent+rng.randint(0,D)                                    # a request older than D never lands
            if live and rng.random()<pcrash:
                if mut and due>clk[0]: late.append((op,due))
                pend.remove(x); continue
            if mut and clk[0]>sent+D: r=(UNK,None,0)
            elif mut and rng.random()<punk:
                z=rng.random(); r=(UNK,None,0)
                if z<.4: ap(op)
                elif z<.85 and due>clk[0]: late.append((op,due))
            else:
                r=ap(op)
                if mut and rng.random()<late_p and due>clk[0]: late.append((op,due))
            if rng.random()<stop: x[4]=(clk[0]+rng.choice([2,A-2,A+2,P//2,P+2*D,3*P]),r); continue   # SIGSTOP between answer and next request
        try: x[1]=p.send(r); x[2]=clk[0]
        except StopIteration: pend.remove(x)
    return bad+check(hist,line),hist,st,line
def check(hist,line):
    bad=[]; wr={}; pos={k:{x[2]:i for i,x in enumerate(l)} for k,l in line.items()}
    for k,l in line.items():
        if len(pos[k])!=len(l): bad.append('recur')
    for o in hist:
        ws=o.get('w',[]); inn=[w for w in ws if any(r in pos[k] for k,r in w.items())]; o['eff']=bool(inn)
        if len(inn)>1: bad.append('double')
        if any(r not in pos[k] for w in inn for k,r in w.items()): bad.append('torn')
        if o.get('commit') and not inn: bad.append('lost')
        if inn and o.get('done') and not o.get('commit') and not o.get('ok') and not o.get('unknown'): bad.append('phantom')
        for w in inn:
            for k,r in w.items(): wr[k,r]=o
    N=[o for o in hist if o.get('ok') or o['eff']]; n=len(N); ixo={id(o):i for i,o in enumerate(N)}; reach=[0]*n
    def add(rc,a,b):
        if a is None or b is None or a==b or rc[a]>>b&1: return True
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
        for k,f,rev in o.get('seen',()):
            l=line[k]
            if f is None:
                ch=[]; i=0
                while i<len(l):
                    if l[i][1] is not None: i+=1; continue
                    j=i
                    while j+1<len(l) and l[j+1][1] is None: j+=1
                    ch.append([(W(k,i),me)]+([(me,W(k,j+1))] if j+1<len(l) else [])); i=j+1
                cons.append(ch); continue
            if rev not in pos[k]: bad.append('ghost'); continue
            i=pos[k][rev]; E.append((W(k,i),me))
            if i+1<len(l): E.append((me,W(k,i+1)))
        if o.get('ok') and o['ret'] is not None:
            for b in N:
                if b['inv']>=o['ret']: E.append((me,ixo[id(b)]))
    if not all(add(reach,a,b) for a,b in E): bad.append('cycle'); return bad
    def solve(rc,cs):
        if not cs: return True
        for ch in cs[0]:
            r2=rc[:]
            if all(add(r2,a,b) for a,b in ch) and solve(r2,cs[1:]): return True
        return False
    if not solve(reach,sorted(cons,key=len)): bad.append('abscycle')
    return bad
if __name__=='__main__':
    kw={}; base=0; bad=collections.Counter(); first=None; S=collections.Counter(); ok=collections.Counter()
    for a in sys.argv[3:]:
        k,v=a.split('=')
        if k=='base': base=int(v)
        elif k in CFG: CFG[k]=int(v)
        else: kw[k]=float(v) if '.' in v else int(v)
    for s in range(base,base+int(sys.argv[2])):
        b,h,st,_=run(s,sys.argv[1],**kw); S.update(st); ok.update(o['t']+('+' if o.get('ok') else '-') for o in h)
        if b: bad['any']+=1; bad.update(set(b)); first=s if first is None else first
    print(' '.join(sys.argv[1:]),'bad',dict(bad),'first',first,'|',dict(ok),dict(S),flush=True)
