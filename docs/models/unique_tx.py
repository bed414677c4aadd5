"""Unique claims, plain and in transactions. python3 unique_tx.py RUNS [rule=0 ...] [base=N]
doc ('v',u|None,id,nonce) or ('L',tx,prior); claim ('cl',doc|None,base,nonce) or ('L',tx,prior); u None = tombstone. base of a claim = exact version of the document."""
import random,sys,itertools,collections
CFG=dict(reslock=1,prior=1,undec=1,fence=1,txfence=1,fresh=1,exact=1,reldead=1,selfcheck=1,txclaim=1,ownnew=1,claimfirst=0,resolveowner=1,claimver=1,txbase=1,restore=1,dupwait=1,condrel=1,lockdead=1,direct=1,decfirst=1)
UNK='unk'
def run(seed,nd=3,nu=2,ncl=4,nops=4,pcrash=.01,punk=.08,dup=.08):
    rng=random.Random(seed); uid=itertools.count(1); m={}; late=[]; bad=[]; st=collections.Counter(); hist=[]
    docs=['d%d'%i for i in range(nd)]; line={d:[None] for d in docs}; R=lambda t:'R:'+t
    get=lambda k: m.get(k,(None,None))
    def eff(d):
        v=get(d)[1]
        if v and v[0]=='L':
            r=get(R(v[1]))[1]
            if r and r[0]=='C': return r[1][d]
            v=v[2]
        return v
    def note():
        c=collections.Counter()
        for d in docs:
            v=eff(d); i=v[2] if v else None
            if i!=line[d][-1]: line[d].append(i)
            if v and v[1]: c[v[1]]+=1
        if any(n>1 for n in c.values()): bad.append('DUP')
    def ap(o):
        if o[0]=='get': return get(o[1])
        if o[0]=='nop': return None,None
        if get(o[1])[0]!=o[2]: return '412',None
        if o[0]=='dele': m.pop(o[1],None); note(); return 'ok',None
        m[o[1]]=(repr(o[3]),o[3]); note(); return 'ok',repr(o[3])
    def back(k,e,p):
        if not CFG['fresh']: yield ('dele',k,e) if p is None else ('cas',k,e,p); return
        if k[0]=='c' and (p is None or not CFG['restore']): p=('cl',None,None,0)
        elif p is None: p=('v',None,None,0)
        yield('cas',k,e,p[:3]+(next(uid),))
    def rd(k):                                                          # read as a writer: every lock is decided and moved away
        n=0
        while True:
            e,v=yield('get',k)
            if v is None or v[0]!='L': return e,v
            _,r=yield('get',R(v[1]))
            if r is None:
                n+=1
                if n>rng.randint(0,3): yield('cas',R(v[1]),None,('A',))
                else: yield('nop',)
            elif r[0]=='C': yield('cas',k,e,r[1][k])
            else: yield from back(k,e,v[2])
    def free(u,me,my,tx=None,W=()):
        """-> (claim version, claim) that may be overwritten | 'dup' | None.  W: documents this transaction writes -> new value"""
        ck='c'+u
        for _ in range(12):
            if CFG['reslock']: ce,cv=yield from rd(ck)
            else:
                ce,cv=yield('get',ck)
                if cv and cv[0]=='L': cv=cv[2] if CFG['prior'] else None
            if cv is None or cv[1] is None: return ce,cv
            ow,base=cv[1],cv[2]
            if not CFG['resolveowner']: de,dv=yield('get',ow)
            elif CFG['undec']: 
                de,dv=yield('get',ow)
                if dv and dv[0]=='L' and dv[1]==tx: dv=dv[2]
                elif dv and dv[0]=='L': de,dv=yield from rd(ow)
            else:                                                       # mutation: believes an undecided owner has let go
                de,dv=yield('get',ow)
                if dv and dv[0]=='L': _,r=yield('get',R(dv[1])); dv=r[1][ow] if r and r[0]=='C' else None
            if dv and dv[0]=='L': dv=None
            if dv and dv[1]==u:
                if ow in W and W[ow]!=u: return ce,cv                    # this transaction takes it away from there
                if ow==me: return None
                return 'dup'
            at=de==base if CFG['exact'] else (dv and base and str(dv[2])==base.split(',')[2].strip())
            if at and ow in W: return ce,cv                              # our lock on it moves it off its base
            if at and ow==me and base==my: return ce,cv
            if at:
                if rng.random()<.4: yield('nop',); continue
                if CFG['txfence'] if tx else CFG['fence']:
                    yield('cas',ow,de,('v',None,None,next(uid)) if dv is None else dv[:3]+(next(uid),)); st['fence']+=1
                    continue
                if not CFG['exact']: continue
            return ce,cv
    def plain(d,u,o):
        e,v=yield from rd(d); i=next(uid)
        if u is None and (v is None or v[1] is None): return
        if u and not(v and v[1]==u):
            x=yield from free(u,d,e)
            if x is None or x=='dup': st[str(x)]+=1; return
            mine=('cl',d,e,next(uid)); r,_=yield('cas','c'+u,x[0],mine)
            if r!='ok' and (yield('get','c'+u))[1]!=mine: return
        o['w'].append({d:i}); new=('v',u,i,0); r,_=yield('cas',d,e,new)
        if r==UNK:
            e2,v2=yield('get',d)
            if v2 and (v2[2] if v2[0]=='v' else v2[2] and v2[2][2])==i: r='ok'
            else: o['unknown']=1
        if r=='ok':
            o['ok']=1; st['put']+=1
            if v and v[1] and v[1]!=u: yield from release(v[1])
    def release(u):
        if rng.random()<.4: return
        ce,cv=yield('get','c'+u)
        if not cv or cv[0]!='cl': return
        if cv[1]:
            de,dv=yield('get',cv[1])
            if CFG['reldead'] and (de==cv[2] or (dv and dv[0]=='L') or (dv and dv[1]==u)): return
        if CFG['condrel']: yield('dele','c'+u,ce)
        else: ce,_=yield('get','c'+u); yield('dele','c'+u,ce)            # mutation: unconditional delete
    def txn(W,o):
        tx='t%d'%next(uid); locks={}; got={}; new={}; done=False; sent=False
        def abort():
            if not sent and CFG['direct'] or not CFG['decfirst']:       # its commit request never went: no decision is needed
                for k,(e,p) in locks.items(): yield from back(k,e,p)
                return
            for _ in range(8):
                yield('cas',R(tx),None,('A',)); _,r=yield('get',R(tx))
                if r is not None: break
            else: o['unknown']=1; return
            if r[0]=='C': o['ok']=1; return
            for k,(e,p) in locks.items(): yield from back(k,e,p)
        def lock(k,e,p):
            Lk=('L',tx,p); r,le=yield('cas',k,e,Lk)
            if r!='ok':
                le,cur=yield('get',k)
                if cur!=Lk: return False
            locks[k]=(le,p); return True
        for d in W: got[d]=yield from rd(d)
        need=[(d,u) for d,u in W.items() if u and not(got[d][1] and got[d][1][1]==u)]; rng.shuffle(need)
        for ph in ('c','d') if CFG['claimfirst'] else ('d','c'):
            if ph=='d':
                for d in rng.sample(sorted(W),len(W)):
                    if not (yield from lock(d,*got[d])): yield from abort(); return
                    new[d]=('v',W[d],next(uid),0)
            else:
                for d,u in need if CFG['txclaim'] else ():
                    x=yield from free(u,d,got[d][0],tx,W)
                    if x is None or x=='dup': st['tx'+str(x)]+=1; yield from abort(); return
                    ce,cv=x
                    if not CFG['claimver']: ce,cv=yield('get','c'+u)
                    if not (yield from lock('c'+u,ce,cv)): yield from abort(); return
                    new['c'+u]=('cl',d,'T' if CFG['txbase'] else got[d][0],next(uid))
        o['w'].append({d:new[d][2] for d in W})
        for _ in range(5):
            sent=True; r,_=yield('cas',R(tx),None,('C',new)); _,r=(0,('C',)) if r=='ok' else (yield('get',R(tx)))
            if r is not None: break
            if rng.random()<.3: yield from abort(); return              # out of time
        else: o['unknown']=1; return
        if r[0]=='A': yield from abort(); return
        o['ok']=1; st['tx']+=1
        for k in rng.sample(sorted(locks),len(locks)): yield('cas',k,locks[k][0],new[k])
        for d in W:
            v=got[d][1]
            if v and v[1] and v[1]!=W[d]: yield from release(v[1])
    def client(i):
        for _ in range(nops):
            o=dict(w=[]); us=[None]+['u%d'%j for j in range(nu)]
            if rng.random()<.5: g=plain(rng.choice(docs),rng.choice(us),o)
            else:
                ds=rng.sample(docs,rng.choice([1,2,2])); vals=rng.sample(us[1:]+[None,None],len(ds)); g=txn(dict(zip(ds,vals)),o)
            hist.append(o); yield from g; o['done']=1
    pend=[]
    for i in range(ncl): p=client(i); pend.append([p,next(p)])
    n=0
    while (pend or late) and n<6000:
        n+=1
        if late and (not pend or rng.random()<.06): ap(late.pop(rng.randrange(len(late)))); continue
        x=rng.choice(pend); p,o=x; mut=o[0] in('cas','dele')
        if rng.random()<pcrash:
            if mut and rng.random()<.6: late.append(o)
            pend.remove(x); continue
        if mut and rng.random()<punk:
            z=rng.random(); r=(UNK,None)
            if z<.4: ap(o)
            elif z<.85: late.append(o)
        else:
            r=ap(o)
            if mut and rng.random()<dup: late.append(o)
        try: x[1]=p.send(r)
        except StopIteration: pend.remove(x)
    if pend: bad.append('HANG')
    def drive(g):
        r=None
        try:
            for _ in range(400): r=ap(g.send(r))
        except StopIteration as s: return s.value
        return 'hang'
    for d in docs: drive(rd(d))
    for u in ['u%d'%j for j in range(nu)]:                              # liveness: a fresh client takes any value nobody holds
        held=any((eff(d) or 'xx')[1]==u for d in docs); r=drive(free(u,'d99',None))
        if held and r!='dup': bad.append('STOLEN')
        if not held and (r=='dup' or r=='hang' or r is None): bad.append('STUCK')
    for o in hist:
        for w in o['w']:
            inn=[i in line[d] for d,i in w.items()]
            if any(inn) and not all(inn): bad.append('torn')
            if o.get('ok') and not all(inn): bad.append('lost')
            if any(inn) and o.get('done') and not o.get('ok') and not o.get('unknown'): bad.append('phantom')
    return bad,st
if __name__=='__main__':
    base=0; kw={}; tot=collections.Counter(); B=collections.Counter(); first=None
    for a in sys.argv[2:]:
        k,v=a.split('=')
        if k=='base': base=int(v)
        elif k in CFG: CFG[k]=int(v)
        else: kw[k]=float(v) if '.' in v else int(v)
    for s in range(base,base+int(sys.argv[1])):
        b,st=run(s,**kw); tot.update(st)
        if b: B['any']+=1; B.update(set(b)); first=s if first is None else first
    print(' '.join(sys.argv[1:]),'bad',dict(B),'first',first,'|',dict(tot),flush=True)
