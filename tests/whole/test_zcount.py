import sys,collections
import tests.whole.test_schemathesis as m
from schemathesis import Case
seen=collections.defaultdict(collections.Counter)
orig=Case.call_and_validate
import time
tt=collections.Counter()
def c(self,**k):
    t=time.process_time()
    r=orig(self,**k)
    if r.status_code==422 and self.operation.label=="POST /api/v1/incidents": print(r.text[:500],file=sys.stderr)
    tt[self.operation.label]+=time.process_time()-t
    seen[self.operation.label][r.status_code]+=1; return r
Case.call_and_validate=c
oa=m.ask
ta=collections.Counter()
def ask(o,h):
    t=time.process_time(); oa(o,h); ta[o.label]+=time.process_time()-t
m.ask=ask
from tests.whole.test_schemathesis import *
def test_z():
    pass
import atexit
@atexit.register
def p():
    for k,v in seen.items(): print(k,dict(v),round(tt[k],2),round(ta[k],2),file=sys.stderr)
